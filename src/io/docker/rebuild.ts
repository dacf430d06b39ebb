import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ReproError } from '../../errors.ts';
import type { Rebuilt } from '../../ports.ts';
import { runBake } from './bake.ts';
import { openLayout } from './layout.ts';
import { run } from './process.ts';

/** The bake file comes by standard input and the image by standard output: so buildx asks for no right to read or write files. */
export async function rebuild(
  target: string,
  bakeFile: string,
  output: string,
  folder: string,
): Promise<Rebuilt> {
  const work = await mkdtemp(join(tmpdir(), 'repro-rebuild-'));
  const remove = () => rm(work, { recursive: true, force: true });
  try {
    const archive = join(work, 'image.tar');
    const bake = ['-f', '-', '--no-cache', target];
    if (await isClassic()) {
      const tag = `${basename(work)}:image`.toLowerCase();
      const set = ['--set', `${target}.output=type=docker`, '--set', `${target}.tags=${tag}`];
      await runBake([...bake, ...set], folder, 'terminal', bakeFile);
      try {
        await into(archive, async (file) => {
          const { code } = await run(['image', 'save', tag], folder, file);
          if (code !== 0) throw noArchive();
        });
      } finally {
        await run(['image', 'rm', tag], folder, 'pipe');
      }
    } else {
      const set = ['--set', `${target}.output=type=oci,dest=-${output}`];
      await into(archive, (file) => runBake([...bake, ...set], folder, file, bakeFile));
    }
    const { image, digest } = (await openLayout(archive)) ?? fail();
    return { image, digest, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function into(path: string, write: (descriptor: number) => Promise<void>): Promise<void> {
  const file = await open(path, 'w');
  try {
    await write(file.fd);
  } finally {
    await file.close();
  }
}

/**
 * Docker's own builder with the classic image store has no exporter of archives (buildx, driver/docker/driver.go, Features):
 * there the image goes through the engine.
 */
async function isClassic(): Promise<boolean> {
  const builder = await run(['buildx', 'inspect'], '.', 'pipe');
  if (/^Driver:\s+(\S+)/m.exec(builder.output)?.[1] !== 'docker') return false;
  const { output } = await run(['info', '--format', '{{json .DriverStatus}}'], '.', 'pipe');
  return !output.includes('io.containerd.snapshotter');
}

function fail(): never {
  throw noArchive();
}

function noArchive(): ReproError {
  return new ReproError({
    code: 'E_NO_ARCHIVE',
    message: 'docker gave the image that was built in no form that can be compared (an OCI layout)',
    hint: 'use Docker 25 or newer, or another builder: docker buildx use NAME',
  });
}
