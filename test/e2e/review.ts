import type { ExecutionContext } from 'ava';
import { underPolicy } from './policy.ts';
import { ok, type Project } from './project.ts';
import { checkSbom } from './sbom.ts';

/** What reviewers and security teams run, on a project that is locked, and what its lockfile was `before`. */
export async function checkReview(t: ExecutionContext, project: Project, before: string): Promise<void> {
  await project.write('before.lock', before);
  const { stdout: diff } = await ok(t, project.repro('diff', 'before.lock'));
  t.regex(diff, /^ {2}asked for\n(?: {4}.*\n)* {4}~ greet 1\.0-1 -> 1\.1-1, /m);
  t.regex(diff, /^ {2}brought along\n(?: {4}.*\n)* {4}\+ wave 1-1, /m);

  // Somebody else wrote a note meanwhile.
  const note = (text: string) => text.replace('version = 1\n', '$&note = "other"\n');
  await project.write('theirs.lock', note(before));
  const sides = ['before.lock', 'repro.lock', 'theirs.lock'];
  const merged = await ok(t, project.repro('merge', ...sides, '-o', 'merged.lock'));
  t.regex(merged.stderr, /^next: repro generate$/m);
  t.is(await project.read('merged.lock'), note(await project.read('repro.lock')));

  await checkSbom(t, project);
  await ok(t, project.repro('policy', '-o', 'policy.json'));
  await ok(t, underPolicy(project, 'buildx', 'bake', '-f', 'docker-bake.hcl', 'app'));
  t.regex((await ok(t, project.repro('doctor'))).stdout, /\n\nall is well\n$/);
}
