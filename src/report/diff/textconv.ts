import type { TextconvResult } from '../../commands/git-diff.ts';
import { visible } from '../../errors.ts';
import { lockfileValues } from '../../lockfile/diff-intent.ts';
import type { Lockfile } from '../../model.ts';
import { bytes } from './sizes.ts';

/** One fact a line, so that git compares facts. What is no lockfile stays as it is. */
export function textconvText({ text, lockfile, asked }: TextconvResult): string {
  if (lockfile === undefined) return text;
  const lines = [...valueLines(lockfile), ...pinLines(lockfile), ...packageLines(lockfile, asked)];
  return lines.map((line) => `${line}\n`).join('');
}

function valueLines(lockfile: Lockfile): string[] {
  return [...lockfileValues(lockfile)].flatMap(([key, value]) =>
    [value].flat().map((item) => `${visible(key)}: ${visible(item)}`),
  );
}

function pinLines({ base, cache }: Lockfile): string[] {
  const pins = { 'base.digest': base.digest, 'cache.digest': cache.digest, 'cache.inputs': cache.inputs };
  return Object.entries(pins).flatMap(([key, pin]) => (pin === undefined ? [] : [`${key}: ${pin}`]));
}

function packageLines({ platform = [] }: Lockfile, asked: TextconvResult['asked']): string[] {
  return platform.flatMap(({ name: platform, packages }) =>
    packages.map((pkg) => {
      const { name, version, arch, size, source, sha256 } = pkg;
      const parts = [
        `${platform}: ${name} ${version} ${arch}`,
        bytes(size),
        ...(asked?.(platform, pkg) ? ['asked for'] : []),
        ...(source === undefined ? [] : [`source ${source}`]),
        `sha256:${sha256}`,
      ];
      return parts.join(', ');
    }),
  );
}
