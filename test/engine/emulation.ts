import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackedPackage } from './debian.ts';
import { run } from './run.ts';

const FOLDER = '/proc/sys/fs/binfmt_misc';
const NAME = 'repro-aarch64';

/** Magic and mask of a 64-bit little-endian ELF file for AArch64, as qemu's own binfmt-conf.sh has them. */
const MAGIC = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const MASK = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

/** Lets the kernel run arm64 programs, in containers too (kernel documentation, binfmt-misc). Returns what undoes it. */
export async function emulateArm64(): Promise<() => Promise<void>> {
  if (
    process.arch === 'arm64' ||
    existsSync(join(FOLDER, 'qemu-aarch64')) ||
    existsSync(join(FOLDER, NAME))
  ) {
    return async () => {};
  }
  if (!existsSync(join(FOLDER, 'register'))) await run('mount', ['-t', 'binfmt_misc', 'none', FOLDER]);
  const qemu = join(await unpackedPackage('qemu-user-static'), 'usr/bin/qemu-aarch64-static');
  // F: the interpreter is opened now, so that containers need not have it.
  await writeFile(join(FOLDER, 'register'), `:${NAME}:M::${MAGIC}:${MASK}:${qemu}:F`);
  return () => writeFile(join(FOLDER, NAME), '-1');
}
