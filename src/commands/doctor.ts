import type { Ports } from '../ports.ts';
import { CHECKS, type Finding } from './doctor/finding.ts';
import { checkBakeFile, checkDockerfile, checkLockfile } from './doctor/project.ts';
import { checkImage } from './doctor/registry.ts';
import { checkTools } from './doctor/tools.ts';

export interface DoctorOptions {
  file: string;
  /** The bake file. */
  output?: string | undefined;
}

export interface DoctorResult {
  findings: Finding[];
  errorCount: number;
  warningCount: number;
}

/** Looks at all that the other commands need, whatever is wrong with some of it; changes nothing. */
export async function doctor(options: DoctorOptions, ports: Ports): Promise<DoctorResult> {
  const { files, registry, docker } = ports;
  const { file } = options;
  const { lockfile, findings } = await checkLockfile(file, files);
  const others = await Promise.all([
    checkTools(lockfile, docker),
    ...(lockfile === undefined
      ? []
      : [
          checkBakeFile(lockfile, options, files),
          checkDockerfile(lockfile, file, files),
          checkImage('base', lockfile, file, registry),
          checkImage('cache', lockfile, file, registry),
        ]),
  ]);
  const all = [...findings, ...others.flat()];
  all.sort((a, b) => CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check));
  const count = (severity: Finding['severity']) =>
    all.filter((finding) => finding.severity === severity).length;
  return {
    findings: all,
    errorCount: count('error'),
    warningCount: count('warning'),
  };
}
