import { dirname, join } from 'node:path';
import { unpinnedProblems } from '../../bake/pins.ts';
import type { Lockfile } from '../../model.ts';
import type { Files } from '../../ports.ts';
import { generateFrom } from '../generate.ts';
import { bakeFilePath, readDockerfile, readLockfile, repro } from '../project.ts';
import { type Finding, fine, found, thrown } from './finding.ts';

/** The lockfile by itself. What can be read of a faulty one goes to the other checks. */
export async function checkLockfile(
  file: string,
  files: Files,
): Promise<{ lockfile: Lockfile | undefined; findings: Finding[] }> {
  try {
    const { lockfile } = await readLockfile(file, files);
    return { lockfile, findings: pinFindings(file, lockfile) };
  } catch (error) {
    const findings = thrown('lockfile', error);
    const rest = await readLockfile(file, files, { incompletePins: 'drop' }).catch(() => undefined);
    return { lockfile: rest?.lockfile, findings };
  }
}

function pinFindings(file: string, lockfile: Lockfile): Finding[] {
  const problems = unpinnedProblems(lockfile);
  const hint = `run ${repro(lockfile.base.digest === undefined ? 'lock' : 'update', file)}`;
  if (problems.length > 0)
    return problems.map((problem) => found('lockfile', 'warning', { ...problem, at: { file }, hint }));
  const counts = (lockfile.platform ?? []).map(({ name, packages }) => `${packages.length} for ${name}`);
  return [
    fine('lockfile', `${file}: all is pinned, and fits what is asked for; packages: ${counts.join(', ')}`),
  ];
}

/** What `generate --check` would say. A file that is not there yet may not be kept at all, and misleads nobody. */
export async function checkBakeFile(
  lockfile: Lockfile,
  options: { file: string; output?: string | undefined },
  files: Files,
): Promise<Finding[]> {
  try {
    const { file, warnings } = await generateFrom(lockfile, { ...options, check: true }, files);
    const others = warnings.filter(({ code }) => code !== 'E_NOT_LOCKED' && code !== 'E_STALE');
    const findings = others.map((problem) => found('bake file', 'warning', problem));
    return [fine('bake file', `${file} is what the lockfile gives`), ...findings];
  } catch (error) {
    const isThere = (await files.read(bakeFilePath(options.file, options.output))) !== undefined;
    return thrown('bake file', error)
      .filter(({ code }) => !DOCKERFILE.includes(code ?? ''))
      .map((finding) => (isThere ? finding : { ...finding, severity: 'warning' }));
  }
}

/** Said by the check of the Dockerfile. */
const DOCKERFILE = ['E_NO_DOCKERFILE', 'E_BASE_NOT_USED'];

export async function checkDockerfile(lockfile: Lockfile, file: string, files: Files): Promise<Finding[]> {
  const { build } = lockfile;
  if (build === undefined) return [];
  const path = join(dirname(file), build.dockerfile);
  try {
    const text = (await readDockerfile(file, lockfile, files)) ?? '';
    const { reviewDockerfile } = await import('../../bake/review.ts');
    const problems = reviewDockerfile(lockfile, { ...build, dockerfile: path }, text);
    if (problems.length > 0) return problems.map((problem) => found('Dockerfile', 'warning', problem));
    return [fine('Dockerfile', `${path} is built on the packages, and gets nothing else from the network`)];
  } catch (error) {
    return thrown('Dockerfile', error);
  }
}
