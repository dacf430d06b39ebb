import { aptAttackTests } from './apt.ts';
import { dockerfileTests } from './dockerfiles.ts';
import { lockTests } from './lock.ts';
import { loopTests } from './loop.ts';
import { pacmanTests } from './pacman.ts';
import { platformTests } from './platforms.ts';
import { readmeTests } from './readme.ts';

loopTests('containerd');
dockerfileTests('containerd');
aptAttackTests();
lockTests();
readmeTests();
platformTests();
pacmanTests('containerd');
