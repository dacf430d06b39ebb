import { attackTests } from './attacks.ts';
import { dockerfileTests } from './dockerfiles.ts';
import { loopTests } from './loop.ts';

loopTests('containerd');
dockerfileTests('containerd');
attackTests();
