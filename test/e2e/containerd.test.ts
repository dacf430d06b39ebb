import { dockerfileTests } from './dockerfiles.ts';
import { lockTests } from './lock.ts';
import { loopTests } from './loop.ts';
import { platformTests } from './platforms.ts';
import { readmeTests } from './readme.ts';

loopTests('containerd');
dockerfileTests('containerd');
lockTests();
readmeTests();
platformTests();
