import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { bootstrap, overlay } from './bootstrap.ts';
import { type Apt, aptFor, resolve, type Tools } from './debian.ts';
import { type Blob, blobOf } from './push.ts';
import { cached, run, say, sha256 } from './run.ts';

/** An image of one platform, as files in a folder: `index.json`, `manifest.json`, `config.json`, `layer.tar.gz`. */
export interface BaseImage {
  suite: string;
  folder: string;
}

/** When the suite was last released, in seconds since 1970: the time of everything in the image. */
async function released(apt: Apt): Promise<string> {
  const find = ['find', apt.lists, '-name', `*_dists_${apt.suite}_InRelease`, '-exec', 'cat', '{}', '+'];
  const text = await run('flock', ['--shared', apt.lock, ...find]);
  return String(Date.parse(/^Date: (.*)$/m.exec(text)?.[1] ?? '') / 1000);
}

/** A small Debian like `debian:SUITE-slim`, from the machine's mirror; the same packages give the same bytes. */
export async function baseImage(suite: string, tools: Tools, architecture?: string): Promise<BaseImage> {
  const apt = await aptFor(suite);
  const https = apt.sources.some(({ uris }) => uris.some((uri) => uri.startsWith('https:')));
  const extra = https ? ['ca-certificates'] : [];
  const [files, epoch] = await Promise.all([
    resolve(apt, 'install', ['?essential', 'apt', 'usr-is-merged', ...extra]),
    released(apt),
  ]);
  const own = (await run('dpkg', ['--print-architecture'])).trim();
  const arch = architecture ?? own;
  const recipe = [5, suite, overlay(apt), epoch, files, ...(arch === own ? [] : [arch])];
  const folder = await cached('images', sha256(JSON.stringify(recipe)), async (fresh) => {
    say(`making the base image debian:${suite}-slim for ${arch} (${files.length} packages)`);
    await bootstrap(apt, tools, epoch, join(fresh, 'layer.tar'), extra, arch === own ? undefined : arch);
    await pack(fresh, arch, epoch);
  });
  return { suite, folder };
}

/** Turns `layer.tar` into an OCI image (image-spec: config.md, manifest.md, image-index.md). */
async function pack(folder: string, architecture: string, epoch: string): Promise<void> {
  const tar = join(folder, 'layer.tar');
  const diff = createHash('sha256');
  await pipeline(
    createReadStream(tar),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        diff.update(chunk);
        yield chunk;
      }
    },
    createGzip(),
    createWriteStream(join(folder, 'layer.tar.gz')),
  );
  await rm(tar);
  const created = new Date(Number(epoch) * 1000).toISOString();
  const platform = { architecture, os: 'linux' };
  const put = async (name: string, mediaType: string, value: unknown): Promise<Blob> => {
    await writeFile(join(folder, name), JSON.stringify(value));
    return blobOf(join(folder, name), mediaType);
  };
  const oci = (type: string): string => `application/vnd.oci.image.${type}`;
  const config = await put('config.json', oci('config.v1+json'), {
    ...platform,
    created,
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diff.digest('hex')}`] },
    history: [{ created, created_by: 'mmdebstrap' }],
  });
  const layer = await blobOf(join(folder, 'layer.tar.gz'), oci('layer.v1.tar+gzip'));
  const mediaType = oci('manifest.v1+json');
  const manifest = await put('manifest.json', mediaType, {
    schemaVersion: 2,
    mediaType,
    config,
    layers: [layer],
  });
  const index = oci('index.v1+json');
  await put('index.json', index, {
    schemaVersion: 2,
    mediaType: index,
    manifests: [{ ...manifest, platform }],
  });
}
