import { engineOf } from './project.ts';
import { rpmTests } from './rpm.ts';
import { verified, verifyTests } from './verify.ts';
import { versionTests } from './versions.ts';

const suite = 'rpm';

rpmTests(suite);
versionTests(suite, ['rpm', 'zypper']);
verifyTests(engineOf(suite), verified.dnf);
