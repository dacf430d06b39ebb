import { aptTests } from './apt.ts';
import { pacmanTests } from './pacman.ts';
import { engineOf } from './project.ts';
import { verified, verifyTests } from './verify.ts';
import { versionTests } from './versions.ts';

const suite = 'families';

aptTests(suite);
pacmanTests(suite);
versionTests(suite, ['dpkg', 'pacman']);
for (const victim of [verified.apt, verified.pacman]) verifyTests(engineOf(suite), victim);
