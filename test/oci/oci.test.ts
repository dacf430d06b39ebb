import { gzipSync } from 'node:zlib';
import test from 'ava';
import { parseOsRelease } from '../../src/oci/os-release.ts';
import { imagesOf, platformName } from '../../src/oci/platform.ts';
import { readRootFile } from '../../src/oci/root-file.ts';
import { type Entry, tarOf } from '../helpers/ports.ts';

test('os-release', (t) => {
  const cases: [text: string, expected: ReturnType<typeof parseOsRelease>][] = [
    [
      'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
      { id: 'debian', idLike: [], versionId: '13', prettyName: 'Debian GNU/Linux 13 (trixie)' },
    ],
    ["# comment\r\nID='ubuntu'\r\nID_LIKE=debian\r\n", { id: 'ubuntu', idLike: ['debian'] }],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', { id: 'rocky', idLike: ['rhel', 'centos', 'fedora'] }],
    [
      `${String.raw`PRETTY_NAME="a \"b\" \$c \\ d"`}\n`,
      { id: 'linux', idLike: [], prettyName: 'a "b" $c \\ d' },
    ],
    ['ID=a\nID=b\n', { id: 'b', idLike: [] }],
    ['', { id: 'linux', idLike: [] }],
    ['ID=\nnonsense\n=x\n', { id: 'linux', idLike: [] }],
  ];
  for (const [text, expected] of cases) t.deepEqual(parseOsRelease(text), expected, text);
});

test('a file of an image, through its layers', async (t) => {
  const paths = ['etc/os-release', 'usr/lib/os-release'];
  const file = (name: string, text: string): Entry => ({ name, text });
  const link = (name: string, linkname: string, type: 'symlink' | 'link' = 'symlink'): Entry => ({
    name,
    linkname,
    type,
  });
  const usual = [file('usr/lib/os-release', 'usual'), link('etc/os-release', '../usr/lib/os-release')];
  const cases: [what: string, layers: Entry[][], expected: string | undefined][] = [
    ['as it is', [[file('etc/os-release', 'a')]], 'a'],
    ['with a dot', [[file('./etc/os-release', 'a')]], 'a'],
    ['through a link', [usual], 'usual'],
    ['through a link that comes first', [usual.toReversed()], 'usual'],
    [
      'through an absolute link',
      [[file('usr/lib/os-release', 'a'), link('etc/os-release', '/usr/lib/os-release')]],
      'a',
    ],
    [
      'through a hard link',
      [[file('usr/lib/os-release', 'a'), link('etc/os-release', 'usr/lib/os-release', 'link')]],
      'a',
    ],
    ['the second path only', [[file('usr/lib/os-release', 'a')]], 'a'],
    ['the upper layer wins', [usual, [file('usr/lib/os-release', 'new')]], 'new'],
    ['from a layer below', [usual, [file('other', 'x')]], 'usual'],
    ['replaced link', [usual, [file('etc/os-release', 'own')]], 'own'],
    ['whiteout of the link', [usual, [file('etc/.wh.os-release', '')]], 'usual'],
    [
      'whiteout of both',
      [usual, [file('etc/.wh.os-release', ''), file('usr/lib/.wh.os-release', '')]],
      undefined,
    ],
    ['opaque folders', [usual, [file('etc/.wh..wh..opq', ''), file('usr/lib/.wh..wh..opq', '')]], undefined],
    ['whiteout of a folder above', [usual, [file('.wh.etc', ''), file('.wh.usr', '')]], undefined],
    [
      'a loop',
      [[link('etc/os-release', '../usr/lib/os-release'), link('usr/lib/os-release', '../../etc/os-release')]],
      undefined,
    ],
    ['a dangling link', [[link('etc/os-release', 'nothing')]], undefined],
    [
      'a link out of the root',
      [[file('os-release', 'a'), link('etc/os-release', '../../../os-release')]],
      'a',
    ],
    [
      'a linked folder',
      [
        [
          { name: 'usr', type: 'directory' },
          file('usr/lib64/os-release', 'a'),
          link('usr/lib', 'lib64'),
          link('etc/os-release', '../usr/lib/os-release'),
        ],
      ],
      'a',
    ],
    ['too large to be one', [[file('etc/os-release', 'x'.repeat(70_000))]], undefined],
    ['nothing', [[]], undefined],
  ];
  for (const [what, layers, expected] of cases) {
    for (const pack of [(bytes: Buffer) => bytes, (bytes: Buffer) => gzipSync(bytes)]) {
      const blobs = await Promise.all(layers.map(tarOf));
      const open = async (index: number) => inChunks(pack(blobs[index] ?? Buffer.alloc(0)));
      t.is(await readRootFile(blobs.length, open, paths), expected, what);
    }
  }
});

async function* inChunks(bytes: Buffer, size = 512): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('a layer is read no further than needed, and the layers below not at all', async (t) => {
  const upper = await tarOf([
    { name: 'etc/os-release', text: 'a' },
    { name: 'large', text: 'x'.repeat(5_000_000) },
  ]);
  let read = 0;
  const open = async (index: number) => {
    if (index === 0) throw new Error('the layer below was opened');
    async function* counted() {
      for await (const chunk of inChunks(upper, 4096)) {
        read += chunk.length;
        yield chunk;
      }
    }
    return counted();
  };
  t.is(await readRootFile(2, open, ['etc/os-release']), 'a');
  t.true(read < 500_000, `${read} bytes`);
});

test('a zstd layer, and a broken one', async (t) => {
  // "zstd" of a tar with etc/os-release, in one raw block: magic, frame header, block header (RFC 8878, 3.1.1).
  const tar = await tarOf([{ name: 'etc/os-release', text: 'a' }]);
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(tar.length, 5);
  const block = Buffer.alloc(3);
  block.writeUIntLE((tar.length << 3) | 1, 0, 3);
  const zstd = Buffer.concat([header.subarray(0, 9), block, tar]);
  t.is(await readRootFile(1, async () => inChunks(zstd), ['etc/os-release']), 'a');
  const broken = gzipSync(tar).subarray(0, 60);
  await t.throwsAsync(
    readRootFile(1, async () => inChunks(Buffer.concat([broken, Buffer.alloc(100, 1)])), ['etc/os-release']),
  );
});

test('platforms', (t) => {
  const cases: [Parameters<typeof platformName>[0], string][] = [
    [{ os: 'linux', architecture: 'amd64' }, 'linux/amd64'],
    [{ os: 'linux', architecture: 'amd64', variant: 'v1' }, 'linux/amd64'],
    [{ os: 'linux', architecture: 'amd64', variant: 'v3' }, 'linux/amd64/v3'],
    [{ os: 'linux', architecture: 'arm64', variant: 'v8' }, 'linux/arm64'],
    [{ os: 'linux', architecture: 'arm' }, 'linux/arm/v7'],
    [{ os: 'linux', architecture: 'arm', variant: 'v5' }, 'linux/arm/v5'],
    [{ os: 'linux', architecture: 'riscv64', variant: '' }, 'linux/riscv64'],
  ];
  for (const [platform, name] of cases) t.is(platformName(platform), name);
  const child = (platform: { os: string; architecture: string } | undefined, letter: string) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${letter.repeat(64)}` as const,
    size: 1,
    ...(platform && { platform }),
  });
  const found = imagesOf({
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      child({ os: 'linux', architecture: 'amd64' }, 'a'),
      child({ os: 'unknown', architecture: 'unknown' }, 'b'),
      child(undefined, 'c'),
      child({ os: 'linux', architecture: 'amd64' }, 'd'),
    ],
  });
  t.deepEqual(
    [...found].map(([name, { digest }]) => [name, digest[7]]),
    [['linux/amd64', 'a']],
  );
});
