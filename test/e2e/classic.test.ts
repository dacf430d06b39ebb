import { apkTests } from './apk.ts';
import { dockerfileTests } from './dockerfiles.ts';
import { doctorTests } from './doctor.ts';
import { loopTests } from './loop.ts';
import { engineOf } from './project.ts';
import { verified, verifyTests } from './verify.ts';

loopTests('classic');
dockerfileTests('classic');
apkTests('classic');
doctorTests('classic');
verifyTests(engineOf('classic'), verified.debian);
