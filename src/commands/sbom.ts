import type { Files } from '../ports.ts';
import { type SbomFormat, sbom as sbomText } from '../sbom/index.ts';
import { type Output, writeOutput } from './output.ts';
import { readLocked } from './project.ts';

export interface SbomOptions {
  file: string;
  format?: SbomFormat | undefined;
  /** In UTC, to the second. */
  created?: string | undefined;
  output?: string | undefined;
}

/** repro.lock -> SBOM, without network. Throws E_NOT_LOCKED, E_STALE. */
export async function sbom(
  { file, format = 'cyclonedx', created, output }: SbomOptions,
  { files }: { files: Files },
): Promise<Output> {
  const lockfile = await readLocked(file, files);
  return writeOutput(output, sbomText(lockfile, format, created), files);
}
