import { apkTests } from './apk.ts';
import { dockerfileTests } from './dockerfiles.ts';
import { doctorTests } from './doctor.ts';
import { loopTests } from './loop.ts';

loopTests('classic');
dockerfileTests('classic');
apkTests('classic');
doctorTests('classic');
