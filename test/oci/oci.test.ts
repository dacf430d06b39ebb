import { gzipSync } from 'node:zlib';
import test from 'ava';
import { ReproError } from '../../src/errors.ts';
import { parseImageReference } from '../../src/image-ref.ts';
import { readImage } from '../../src/oci/image.ts';
import { readInventory } from '../../src/oci/inventory.ts';
import { layerProblem } from '../../src/oci/layer.ts';
import { parseOsRelease } from '../../src/oci/os-release.ts';
import { imagesOf, platformName } from '../../src/oci/platform.ts';
import { readRootFile } from '../../src/oci/root-file.ts';
import type { ImageIndex } from '../../src/ports.ts';
import { type Entry, memoryPorts, tarOf } from '../helpers/ports.ts';

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
    ['ID=debian # 13\n', { id: 'debian', idLike: [] }],
    ['ID=\'a\'"b"c\n', { id: 'abc', idLike: [] }],
    ['PRETTY_NAME=\'a \\ "b"\'\n', { id: 'linux', idLike: [], prettyName: 'a \\ "b"' }],
    ['PRETTY_NAME=a\\ b\\\n', { id: 'linux', idLike: [], prettyName: 'a b\\' }],
    ['PRETTY_NAME="a # b\n', { id: 'linux', idLike: [], prettyName: 'a # b' }],
    ['  ID=spaced  \nID LIKE=x\n9ID=x\n#ID=y\n', { id: 'spaced', idLike: [] }],
    ['VERSION_ID=\nID_LIKE=""\nPRETTY_NAME=\n', { id: 'linux', idLike: [] }],
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
    [
      'a link in the upper layer, its file below',
      [[file('usr/lib/os-release', 'low')], [link('etc/os-release', '../usr/lib/os-release')]],
      'low',
    ],
    [
      'a link below, its file in the upper layer',
      [[link('etc/os-release', '../usr/lib/os-release')], [file('usr/lib/os-release', 'up')]],
      'up',
    ],
    [
      'a folder replaced by a link to another',
      [
        usual,
        [
          file('.wh.usr', ''),
          link('usr', 'opt/usr'),
          file('opt/usr/lib/os-release', 'moved'),
          { name: 'opt', type: 'directory' },
        ],
      ],
      'moved',
    ],
    [
      'a link replaced by a folder',
      [[link('etc', 'old'), file('old/os-release', 'old')], [{ name: 'etc', type: 'directory' }]],
      undefined,
    ],
    ['a folder replaced by a file', [usual, [file('etc', ''), file('usr', '')]], undefined],
    ['a folder in its place', [[{ name: 'etc/os-release', type: 'directory' }]], undefined],
    [
      'a whiteout, and the file anew in the layer above',
      [usual, [file('.wh.etc', '')], [file('etc/os-release', 'again')]],
      'again',
    ],
    [
      'an opaque folder with the file anew',
      [usual, [file('etc/.wh..wh..opq', ''), file('etc/os-release', 'again')]],
      'again',
    ],
    ['the root opaque', [usual, [file('.wh..wh..opq', '')]], undefined],
    [
      'a chain of links',
      [[link('etc/os-release', '/a'), link('a', 'b'), link('b', './c/../d'), file('d', 'end')]],
      'end',
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
    [
      'too large to be one, and the second path',
      [[file('etc/os-release', 'x'.repeat(70_000)), file('usr/lib/os-release', 'small')]],
      'small',
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

test('a zstd layer, and broken ones', async (t) => {
  // "zstd" of a tar with etc/os-release, in one raw block: magic, frame header, block header (RFC 8878, 3.1.1).
  const tar = await tarOf([{ name: 'etc/os-release', text: 'a' }]);
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(tar.length, 5);
  const block = Buffer.alloc(3);
  block.writeUIntLE((tar.length << 3) | 1, 0, 3);
  const zstd = Buffer.concat([header.subarray(0, 9), block, tar]);
  t.is(await readRootFile(1, async () => inChunks(zstd), ['etc/os-release']), 'a');
  const packed = gzipSync(tar);
  const damaged = Buffer.from(packed);
  damaged.fill(0xff, 20, 40);
  const reasons: [bytes: Buffer, reason: string][] = [
    [packed.subarray(0, 60), 'it ends too early'],
    [damaged, 'its compression is broken'],
    [tar.subarray(0, 700), 'it ends too early'],
    [tar.subarray(0, 3), 'it ends too early'],
    [zstd.subarray(0, 700), 'it ends too early'],
    [Buffer.concat([zstd.subarray(0, 4), Buffer.alloc(100, 0xff)]), 'its compression is broken'],
    [Buffer.alloc(2048, 'x'), 'it is no tar archive'],
    [gzipSync(Buffer.alloc(2048, 'x')), 'it is no tar archive'],
  ];
  for (const [bytes, reason] of reasons) {
    const error = await t.throwsAsync(readRootFile(1, async () => inChunks(bytes), ['usr/lib/os-release']));
    t.is(layerProblem(error), reason, error?.message);
  }
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(1024), gzipSync('')])
    t.is(await readRootFile(1, async () => inChunks(bytes), ['etc/os-release']), undefined);
});

test('the list of a cache: the last layer only, however it is packed', async (t) => {
  const { memory, registry } = memoryPorts();
  const reference = parseImageReference('registry.example/app:pkg-cache');
  const text = 'Package: jq\n';
  const list = await tarOf([{ name: './Packages', text }]);
  const other = await tarOf([{ name: 'Packages', text: 'of a layer below' }]);
  const folder = await tarOf([
    { name: 'lists', type: 'directory' },
    { name: 'lists/Packages', text },
  ]);
  const cases: [what: string, layers: Buffer[], file: string, expected: string | undefined][] = [
    ['plain', [other, list], 'Packages', text],
    ['gzip', [other, gzipSync(list)], 'Packages', text],
    ['in a folder', [other, folder], 'lists/Packages', text],
    ['not in the last layer', [list, await tarOf([{ name: 'x' }])], 'Packages', undefined],
    ['under another name', [folder], 'Packages', undefined],
    ['a link', [await tarOf([{ name: 'Packages', linkname: 'x' }])], 'Packages', undefined],
    ['too large', [gzipSync(await tarOf([{ name: 'Packages', size: 65 * 2 ** 20 }]))], 'Packages', undefined],
  ];
  for (const [what, layers, file, expected] of cases) {
    const digest = memory.push('registry.example/app:pkg-cache', { layers });
    memory.asked.length = 0;
    const { content } = await registry.manifest({ ...reference, digest });
    if (!('layers' in content)) return t.fail('an index');
    const read = readInventory(registry, reference, content, file);
    if (expected === undefined) {
      const { message } =
        (await t.throwsAsync(read, { instanceOf: ReproError, code: 'E_NOT_A_CACHE' })) ?? {};
      t.is(
        message,
        `registry.example/app:pkg-cache is not a package cache that repro made: its last layer has no "${file}"`,
        what,
      );
    } else {
      t.is(await read, expected, what);
    }
    t.deepEqual(memory.asked.slice(1), [`GET registry.example/app ${content.layers.at(-1)?.digest}`], what);
  }
});

test('an image for its platforms: what can not be used', async (t) => {
  const { memory, registry } = memoryPorts();
  const name = 'registry.example/app:v1';
  const reference = parseImageReference(name);
  const layers = [await tarOf([{ name: 'x' }])];
  const reconfigure = (digest: string | undefined, text: string) => {
    const manifest = memory.manifests.get(digest ?? '')?.content;
    if (manifest && 'config' in manifest) memory.blobs.set(manifest.config.digest, Buffer.from(text));
  };
  type Entries = ImageIndex['manifests'];
  const cases: [what: string, change: (entries: Entries) => void, code: string, message: string][] = [
    [
      'the index says another platform',
      ([first]) => {
        if (first) first.platform = { os: 'linux', architecture: 'arm64' };
      },
      'E_BAD_IMAGE',
      `${name} can't be used: its index says linux/arm64, the image itself linux/amd64`,
    ],
    [
      'an index in the index',
      ([first]) => {
        const digest = memory.push('registry.example/other', { layers }, { layers, architecture: 's390x' });
        if (first) first.digest = digest;
      },
      'E_BAD_IMAGE',
      `${name} can't be used: an index within an index`,
    ],
    [
      'attestations only',
      (entries) => {
        for (const entry of entries) entry.platform = { os: 'unknown', architecture: 'unknown' };
      },
      'E_WRONG_PLATFORM',
      `${name} has no image for linux/amd64`,
    ],
    [
      'no configuration',
      ([first]) => reconfigure(first?.digest, 'null'),
      'E_BAD_IMAGE',
      `${name} can't be used: its configuration names no platform`,
    ],
    [
      'a broken configuration',
      ([first]) => reconfigure(first?.digest, '{"os"'),
      'E_BAD_IMAGE',
      `${name} can't be used: its configuration names no platform`,
    ],
  ];
  for (const [what, change, code, message] of cases) {
    const digest = memory.push(name, { layers }, { layers, architecture: 'ppc64le' });
    const index = memory.manifests.get(digest)?.content;
    if (index === undefined || !('manifests' in index)) return t.fail('no index');
    change(index.manifests);
    const error = await t.throwsAsync(readImage(registry, reference), { instanceOf: ReproError }, what);
    t.deepEqual([error?.code, error?.message], [code, message], what);
    memory.blobs.clear();
    memory.manifests.clear();
  }
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
