import { aptTests } from './apt.ts';
import { dockerfileTests } from './dockerfiles.ts';
import { lockTests } from './lock.ts';
import { loopTests } from './loop.ts';
import { pacmanTests } from './pacman.ts';
import { platformTests } from './platforms.ts';
import { readmeTests } from './readme.ts';
import { rpmTests } from './rpm.ts';

loopTests('containerd');
dockerfileTests('containerd');
aptTests('containerd');
lockTests();
readmeTests();
platformTests();
pacmanTests('containerd');
rpmTests('containerd');
