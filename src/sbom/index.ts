import { lockedFamily } from '../distro/index.ts';
import type { Lockfile } from '../model.ts';
import { billOf } from './bill.ts';
import { cycloneDx } from './cyclonedx.ts';
import { spdx } from './spdx.ts';

export type SbomFormat = 'cyclonedx' | 'spdx';

/** What a locked lockfile lists, in one of the formats. `created` is a time in UTC, to the second. */
export function sbom(lockfile: Lockfile, format: SbomFormat, created: string | undefined): string {
  const family = lockedFamily(lockfile);
  const bill = billOf(lockfile, family);
  // SPDX must have a time: that of the base image, which the app image has, too.
  const time = created ?? lockfile.base.created ?? '1970-01-01T00:00:00Z';
  const content = format === 'spdx' ? spdx(bill, time) : cycloneDx(bill, created);
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
