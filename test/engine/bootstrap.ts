import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Apt, Tools } from './debian.ts';
import { run } from './run.ts';
import { formatDeb822 } from './sources.ts';

const CLEAN =
  '{ "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };';

/** What the slim images leave out; the licences stay. */
const SLIM = [
  ...['doc/*', 'groff/*', 'info/*', 'linda/*', 'lintian/*', 'locale/*', 'man/*'].map(
    (path) => `path-exclude=/usr/share/${path}`,
  ),
  'path-include=/usr/share/doc/*/copyright',
];

const NO_CACHE = ['Dir::Cache::pkgcache "";', 'Dir::Cache::srcpkgcache "";'];

/** Files to add, with the settings that Debian's images on Docker Hub have for package managers in containers. */
export function overlay(apt: Apt): Record<string, string> {
  const lines: Record<string, readonly string[]> = {
    'etc/apt/apt.conf.d/docker-clean': [
      `DPkg::Post-Invoke ${CLEAN}`,
      `APT::Update::Post-Invoke ${CLEAN}`,
      ...NO_CACHE,
    ],
    'etc/apt/apt.conf.d/docker-gzip-indexes': ['Acquire::GzipIndexes "true";'],
    'etc/apt/apt.conf.d/docker-no-languages': ['Acquire::Languages "none";'],
    'etc/apt/apt.conf.d/docker-autoremove-suggests': ['Apt::AutoRemove::SuggestsImportant "false";'],
    'etc/dpkg/dpkg.cfg.d/docker-apt-speedup': ['force-unsafe-io'],
    'etc/dpkg/dpkg.cfg.d/docker': SLIM,
    ...(apt.acquire.length > 0 && { 'etc/apt/apt.conf.d/00machine': apt.acquire }),
  };
  const files = Object.entries(lines).map(([path, text]) => [path, `${text.join('\n')}\n`] as const);
  return { ...Object.fromEntries(files), 'etc/apt/sources.list.d/debian.sources': formatDeb822(apt.sources) };
}

/** Essential packages and apt, configured, as a tar file. `epoch`: the latest time of a file, in seconds since 1970. */
export async function bootstrap(
  apt: Apt,
  tools: Tools,
  epoch: string,
  tar: string,
  extra: string[],
  foreign?: string,
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'repro-base-'));
  try {
    const put = async (path: string, text: string): Promise<string> => {
      const file = join(work, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      return file;
    };
    for (const [path, text] of Object.entries(overlay(apt))) await put(join('overlay', path), text);
    await run('chmod', ['-R', 'u=rwX,go=rX', join(work, 'overlay')]);
    const sources = await put('debian.sources', formatDeb822(apt.sources));
    const dpkgOptions = await put('dpkg', `${SLIM.join('\n')}\n`);
    const aptOptions = await put('apt', `${[...apt.acquire, ...NO_CACHE].join('\n')}\n`);
    const remove = [
      ...['etc/apt/sources.list.d/0000debian.sources', 'etc/apt/apt.conf.d/99mmdebstrap'],
      ...['etc/dpkg/dpkg.cfg.d/99mmdebstrap', 'etc/hostname', 'etc/resolv.conf'],
    ];
    const args = [
      ...['--mode=root', '--variant=apt', '--quiet', '--format=tar', '--skip=output/dev'],
      ...[`--dpkgopt=${dpkgOptions}`, `--aptopt=${aptOptions}`],
      ...extra.map((name) => `--include=${name}`),
      // The interpreter is registered by then (emulation.ts).
      ...(foreign === undefined ? [] : [`--architectures=${foreign}`, '--skip=check/qemu']),
      `--customize-hook=cd "$1" && rm -f ${remove.join(' ')}`,
      `--customize-hook=sync-in ${join(work, 'overlay/etc')} /etc`,
    ];
    // Else bookworm takes usrmerge, and with it all of perl.
    const merged = 'usr/share/mmdebstrap/hooks/merged-usr';
    const hooks = [join(tools.root, merged), join('/', merged)].find((path) => existsSync(path));
    if (apt.suite === 'bookworm' && hooks !== undefined) args.push(`--hook-dir=${hooks}`);
    const env = { ...tools.env, SOURCE_DATE_EPOCH: epoch, TMPDIR: work };
    // A mount namespace of its own: whatever happens, no mount stays; and it ends with us.
    const alone = ['--pdeathsig', 'TERM', 'unshare', '--mount', '--propagation', 'private', 'mmdebstrap'];
    await run('setpriv', [...alone, ...args, apt.suite, tar, sources], env);
    // No device nodes, which an engine makes itself; but the empty folder, else a build step's layer would add it.
    await mkdir(join(work, 'empty/dev'), { recursive: true, mode: 0o755 });
    const like = [
      '--format=ustar',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mode=0755',
      `--mtime=@${epoch}`,
    ];
    await run('tar', ['--append', `--file=${tar}`, ...like, '-C', join(work, 'empty'), './dev']);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
