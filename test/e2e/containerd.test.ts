import { dockerfileTests } from './dockerfiles.ts';
import { doctorTests } from './doctor.ts';
import { lockTests } from './lock.ts';
import { loopTests } from './loop.ts';
import { platformTests } from './platforms.ts';
import { policyTests } from './policy.ts';
import { readmeTests } from './readme.ts';
import { sbomTests } from './sbom.ts';

loopTests('containerd');
dockerfileTests('containerd');
lockTests();
readmeTests();
platformTests();
policyTests();
doctorTests('containerd');
sbomTests('containerd');
