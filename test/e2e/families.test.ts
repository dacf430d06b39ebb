import { aptTests } from './apt.ts';
import { pacmanTests } from './pacman.ts';
import { rpmTests } from './rpm.ts';
import { versionTests } from './versions.ts';

aptTests('families');
pacmanTests('families');
rpmTests('families');
versionTests('families');
