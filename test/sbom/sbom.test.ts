import { readFileSync } from 'node:fs';
import test from 'ava';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { parseImageReference } from '../../src/image-ref.ts';
import { cacheInputs, parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Lockfile, Package } from '../../src/model.ts';
import { run } from '../../src/run.ts';
import { imagePurl, packagePurl } from '../../src/sbom/purl.ts';
import { memoryPorts } from '../helpers/ports.ts';
import { cycloneDxValidator, spdxValidator } from './schemas.ts';

const rules = { familyOf, knownDistros };
const example = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const paint = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };
const hash = (character: string) => character.repeat(64);
const pkg = (name: string, version: string, arch: string, more: Partial<Package> = {}): Package => ({
  ...{ name, version, arch, sha256: hash('a'), size: 1 },
  ...more,
});

/** Two platforms: the same file on both, one name with two versions, two files of one version. */
function several(): Lockfile {
  const base = { ...example.base, image: 'quay.io/fedora/fedora:42', release: '42' };
  const { platform: _, ...intent } = example;
  const locked: Lockfile = {
    ...intent,
    distro: 'fedora',
    platforms: ['linux/amd64', 'linux/arm64'],
    base,
    platform: [
      {
        name: 'linux/amd64',
        packages: [
          pkg('hello', '2.12.1-6.fc42', 'x86_64', { sha256: hash('1') }),
          pkg('kernel', '6.1-1.fc42', 'x86_64', { sha256: hash('2') }),
          pkg('kernel', '6.2-1.fc42', 'x86_64', { sha256: hash('3') }),
          pkg('tzdata', '1:2026a-1.fc42', 'noarch', { sha256: hash('4'), source: 'tz' }),
          pkg('words', '3.0-1.fc42', 'noarch', { sha256: hash('5') }),
        ],
      },
      {
        name: 'linux/arm64',
        packages: [
          pkg('hello', '2.12.1-6.fc42', 'aarch64', { sha256: hash('6') }),
          pkg('tzdata', '1:2026a-1.fc42', 'noarch', { sha256: hash('4'), source: 'tz' }),
          pkg('words', '3.0-1.fc42', 'noarch', { sha256: hash('7') }),
        ],
      },
    ],
  };
  const inputs = cacheInputs(locked);
  return { ...locked, cache: { ...example.cache, ...(inputs !== undefined && { inputs }) } };
}

async function sbom(lockfile: Lockfile, ...args: string[]) {
  const ports = memoryPorts({ 'repro.lock': serializeLockfile(lockfile) });
  return { ports, ...(await run(['sbom', ...args], ports, paint)) };
}

test('package URLs', (t) => {
  const cases: [distro: string, release: string | undefined, Package, string][] = [
    [
      'debian',
      '13',
      pkg('attr', '1:2.4.47-2+b1', 'amd64'),
      'deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-13',
    ],
    [
      'debian',
      '13',
      pkg('a', '2.3~rc1-1', 'all', { source: 'g++' }),
      'deb/debian/a@2.3~rc1-1?arch=all&distro=debian-13&upstream=g%2B%2B',
    ],
    ['ubuntu', '24.04', pkg('dpkg', '1.22', 'amd64'), 'deb/ubuntu/dpkg@1.22?arch=amd64&distro=ubuntu-24.04'],
    [
      'linuxmint',
      '22',
      pkg('libstdc++6', '14', 'amd64'),
      'deb/linuxmint/libstdc%2B%2B6@14?arch=amd64&distro=linuxmint-22',
    ],
    [
      'fedora',
      '42',
      pkg('Perl_x', '3:5.40^git1-1.fc42', 'x86_64', { source: 'perl' }),
      'rpm/fedora/Perl_x@5.40%5Egit1-1.fc42?arch=x86_64&distro=fedora-42&epoch=3',
    ],
    [
      'rocky',
      '9.6',
      pkg('bash', '5.1.8-9.el9', 'x86_64'),
      'rpm/rocky/bash@5.1.8-9.el9?arch=x86_64&distro=rocky-9.6',
    ],
    [
      'rhel',
      '9.6',
      pkg('bash', '5.1.8-9.el9', 'x86_64'),
      'rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&distro=rhel-9.6',
    ],
    [
      'opensuse-leap',
      '15.6',
      pkg('bash', '4.4-1', 'noarch'),
      'rpm/opensuse/bash@4.4-1?arch=noarch&distro=opensuse-leap-15.6',
    ],
    ['sles', '15.7', pkg('bash', '4.4-1', 'x86_64'), 'rpm/suse/bash@4.4-1?arch=x86_64&distro=sles-15.7'],
    [
      'alpine',
      '3.22.1',
      pkg('so_Name', '1.2_rc1-r0', 'x86_64', { source: 'so' }),
      'apk/alpine/so_name@1.2_rc1-r0?arch=x86_64&distro=alpine-3.22.1&upstream=so',
    ],
    [
      'arch',
      undefined,
      pkg('containers-common', '1:0.47.4-4', 'x86_64'),
      'alpm/arch/containers-common@1:0.47.4-4?arch=x86_64&distro=arch',
    ],
    ['arch', undefined, pkg('lib@32', '1-1', 'any'), 'alpm/arch/lib%4032@1-1?arch=any&distro=arch'],
  ];
  for (const [distro, release, content, expected] of cases) {
    const family = familyOf(distro);
    if (family === undefined) throw new Error(distro);
    const { release: _, ...base } = example.base;
    const lockfile = { ...example, distro, base: { ...base, ...(release !== undefined && { release }) } };
    t.is(packagePurl(content, lockfile, family), `pkg:${expected}`);
  }
  const digest = `sha256:${hash('b')}`;
  const images: [image: string, purl: string, arch?: string][] = [
    [`debian:13@${digest}`, `oci/debian@${digest}?repository_url=docker.io%2Flibrary%2Fdebian&tag=13`],
    [
      `localhost:5000/a/b__c@${digest}`,
      `oci/b__c@${digest}?arch=arm&repository_url=localhost:5000%2Fa%2Fb__c`,
      'arm',
    ],
    ['ghcr.io/x/y:v1', 'oci/y?repository_url=ghcr.io%2Fx%2Fy&tag=v1'],
  ];
  for (const [image, expected, arch] of images) {
    t.is(imagePurl(parseImageReference(image), arch), `pkg:${expected}`);
  }
});

test('CycloneDX', async (t) => {
  const valid = cycloneDxValidator();
  for (const lockfile of [example, several()]) {
    const { exitCode, stdout, stderr } = await sbom(lockfile, '--created', '2026-11-24T12:00:00Z');
    t.is(exitCode, 0, stderr);
    const bom = JSON.parse(stdout);
    t.true(valid(bom), JSON.stringify(valid.errors));
    t.false(valid({ ...bom, components: [{ type: 'package', name: 'x' }] }));
    t.is(bom.metadata.timestamp, '2026-11-24T12:00:00Z');
    const refs: string[] = bom.components.map((component: { 'bom-ref': string }) => component['bom-ref']);
    t.is(new Set(refs).size, refs.length);
    t.deepEqual(
      bom.dependencies.map(({ ref }: { ref: string }) => ref),
      ['app', ...refs],
    );
    const named = bom.dependencies.flatMap(({ dependsOn = [] }: { dependsOn?: string[] }) => dependsOn);
    t.deepEqual(
      named.filter((ref: string) => !refs.includes(ref)),
      [],
    );
  }

  const { stdout } = await sbom(example, '--format', 'cyclonedx');
  const bom = JSON.parse(stdout);
  t.false(Object.hasOwn(bom.metadata, 'timestamp'));
  t.is(bom.serialNumber, 'urn:uuid:2f0dcdb5-594c-850d-8d80-2e4734262fc3');
  const libjq = bom.components.find(({ name }: { name: string }) => name === 'libjq1');
  t.deepEqual(libjq, {
    'bom-ref': libjq['bom-ref'],
    type: 'library',
    name: 'libjq1',
    version: '1.7.1-6+deb13u4',
    hashes: [{ alg: 'SHA-256', content: '70bb2cbd66d5ada4349067ae9f61d0560b3b359d4203f2c051ca5773153ae0ba' }],
    purl: 'pkg:deb/debian/libjq1@1.7.1-6%2Bdeb13u4?arch=amd64&distro=debian-13&upstream=jq',
    properties: [{ name: 'repro:source', value: 'jq' }],
  });
  const needs = (lockfileBom: typeof bom, ref: string): string[] =>
    lockfileBom.dependencies.find((entry: { ref: string }) => entry.ref === ref).dependsOn;
  const short = (refs: string[]) => refs.map((ref) => ref.replace(/-[0-9a-f]{16}$/, ''));
  t.deepEqual(short(needs(bom, 'app')), ['base', 'pkg-cache', 'hello', 'jq', 'libjq1', 'libonig5']);
  t.deepEqual(short(needs(bom, 'pkg-cache')), ['hello', 'jq', 'libjq1', 'libonig5']);
  t.deepEqual(needs(bom, 'base'), ['OperatingSystem']);

  const two = JSON.parse((await sbom(several())).stdout);
  t.deepEqual(needs(two, 'app'), ['base', 'pkg-cache', 'app-linux-amd64', 'app-linux-arm64']);
  const [amd64, arm64] = [needs(two, 'app-linux-amd64'), needs(two, 'app-linux-arm64')];
  t.deepEqual(short(amd64), ['hello', 'kernel', 'kernel', 'tzdata', 'words']);
  t.deepEqual(short(arm64), ['hello', 'tzdata', 'words']);
  t.deepEqual(short(amd64.filter((ref) => arm64.includes(ref))), ['tzdata']);
  t.is(needs(two, 'pkg-cache').length, 7);
});

test('SPDX', async (t) => {
  const valid = spdxValidator();
  for (const lockfile of [example, several()]) {
    const { exitCode, stdout, stderr } = await sbom(lockfile, '--format', 'spdx');
    t.is(exitCode, 0, stderr);
    const document = JSON.parse(stdout);
    t.true(valid(document), JSON.stringify(valid.errors));
    t.false(valid({ ...document, relationships: [{ spdxElementId: 'app' }] }));
    const ids: string[] = document.packages.map(({ SPDXID }: { SPDXID: string }) => SPDXID);
    t.is(new Set(ids).size, ids.length);
    const known = ['SPDXRef-DOCUMENT', 'NOASSERTION', ...ids];
    for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
      t.true(known.includes(spdxElementId) && known.includes(relatedSpdxElement));
    }
  }
  const relations = async (lockfile: Lockfile) =>
    JSON.parse((await sbom(lockfile, '--format', 'spdx')).stdout)
      .relationships.map((r: Record<string, string>) =>
        [r['spdxElementId'], r['relationshipType'], r['relatedSpdxElement']]
          .map((part) => part?.replace('SPDXRef-', '').replace(/-[0-9a-f]{16}$/, ''))
          .join(' '),
      )
      .filter((line: string) => !line.startsWith('pkg-cache CONTAINS'));
  t.deepEqual(await relations(example), [
    'DOCUMENT DESCRIBES app',
    'app DESCENDANT_OF base',
    'pkg-cache BUILD_DEPENDENCY_OF app',
    'base CONTAINS OperatingSystem',
    ...['hello', 'jq', 'libjq1', 'libonig5'].map((name) => `app CONTAINS ${name}`),
    'base CONTAINS NOASSERTION',
  ]);
  t.deepEqual((await relations(several())).slice(4, 9), [
    'app-linux-amd64 VARIANT_OF app',
    'app-linux-arm64 VARIANT_OF app',
    'app-linux-amd64 CONTAINS hello',
    'app-linux-amd64 CONTAINS kernel',
    'app-linux-amd64 CONTAINS kernel',
  ]);

  const created = async (lockfile: Lockfile, ...args: string[]) =>
    JSON.parse((await sbom(lockfile, '--format', 'spdx', ...args)).stdout).creationInfo.created;
  const { created: _, ...base } = example.base;
  t.is(await created(example), '2026-11-10T00:00:00Z');
  t.is(await created({ ...example, base }), '1970-01-01T00:00:00Z');
  t.is(await created(example, '--created', '2026-11-24T12:00:00Z'), '2026-11-24T12:00:00Z');
});

test('the same content gives the same bytes, other content another serial number', async (t) => {
  const lockfile = several();
  const platform = (lockfile.platform ?? []).toReversed();
  const mixed = {
    ...lockfile,
    platform: platform.map(({ name, packages }) => ({ name, packages: packages.toReversed() })),
  };
  for (const format of ['cyclonedx', 'spdx']) {
    const { stdout } = await sbom(lockfile, '--format', format);
    t.is((await sbom(mixed, '--format', format)).stdout, stdout);
    t.not((await sbom({ ...lockfile, note: 'another' }, '--format', format)).stdout, stdout);
  }
});

test('files, and what is refused', async (t) => {
  const { ports, stdout } = await sbom(example, '-o', 'bom.json');
  t.is(stdout, 'wrote bom.json\n');
  t.is(ports.texts.get('bom.json'), (await sbom(example)).stdout);
  t.is((await run(['sbom', '-o', 'bom.json'], ports, paint)).stdout, 'bom.json is up to date\n');

  const { platform: _, ...intent } = example;
  const refused: [Lockfile, string[], number, RegExp][] = [
    [
      { ...intent, cache: { image: example.cache.image } },
      [],
      1,
      /E_NOT_LOCKED\]\n {2}hint: run repro update/,
    ],
    [{ ...example, packages: ['hello'] }, [], 1, /E_STALE\]\n {2}hint: run repro update/],
    [example, ['--created', 'now'], 2, /--created needs a time in UTC such as 2026-11-24T12:00:00Z/],
    [example, ['--created', '2026-11-31T00:00:00Z'], 2, /--created needs a time/],
    [example, ['--format', 'xml'], 2, /"xml" is none of "cyclonedx", "spdx"/],
  ];
  for (const [lockfile, args, code, message] of refused) {
    const result = await sbom(lockfile, ...args);
    t.is(result.exitCode, code);
    t.is(result.stdout, '');
    t.regex(result.stderr, message);
  }
});
