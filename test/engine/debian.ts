import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached, cacheFolder, EngineUnavailable, run, say, sha256, succeeds } from './run.ts';
import * as sources from './sources.ts';

/** An apt state of our own, for one suite: the machine's is neither read (but for its sources) nor changed. */
export interface Apt {
  suite: string;
  sources: sources.Source[];
  /** The machine's settings that say how to reach the mirror. */
  acquire: string[];
  /** Environment for apt's programs. */
  env: NodeJS.ProcessEnv;
  lists: string;
  /** Held exclusively while the lists are fetched, and shared while they are read. */
  lock: string;
}

/** Programs from Debian's packages, unpacked. */
export interface Tools {
  /** Environment for these programs. */
  env: NodeJS.ProcessEnv;
  /** A folder with nothing but `docker`, for the PATH of others. */
  client: string;
  /** The root they are unpacked in. */
  root: string;
  buildx: string;
}

const ENGINE = ['docker.io', 'containerd', 'docker-cli', 'docker-buildx', 'docker-registry', 'tini'];
/** These follow the machine's own C library, so they come from its own suite. */
const MACHINE = ['runc', 'iptables', 'iproute2', 'mount', 'mmdebstrap', 'perl'];

async function machineSources(): Promise<sources.Source[]> {
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => []);
  const files = [
    '/etc/apt/sources.list',
    ...parts.sort().map((name) => join('/etc/apt/sources.list.d', name)),
  ];
  const all = await Promise.all(
    files.map(async (file) => {
      if (!/\.(list|sources)$/.test(file) || !existsSync(file)) return [];
      const text = await readFile(file, 'utf8');
      return file.endsWith('.list') ? sources.parseOneLine(text) : sources.parseDeb822(text);
    }),
  );
  return all.flat();
}

/** The machine's codename. Throws with the reason if it can't be given an engine. */
export async function debianRelease(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = sources.debianCodename(release);
  if (codename === undefined) throw new EngineUnavailable('this machine is not Debian');
  if (process.getuid?.() !== 0) throw new EngineUnavailable('not root');
  for (const program of ['apt-get', 'dpkg-deb', 'setpriv', 'unshare', 'flock']) {
    if (!(await succeeds(program, ['--version']))) {
      throw new EngineUnavailable(`${program} is missing`);
    }
  }
  return codename;
}

/** Lists fetched (or, when the mirror can't be reached, as they were). */
export async function aptFor(suite: string, status = ''): Promise<Apt> {
  const codename = await debianRelease();
  const stanzas = sources.retarget(await machineSources(), codename, suite);
  if (stanzas.length === 0) throw new EngineUnavailable("the machine's apt sources name no Debian mirror");
  const acquire = sources.acquireSettings(await run('apt-config', ['dump']));
  const folder = cacheFolder('apt', status === '' ? suite : `${suite}-machine`);
  const lists = join(folder, 'lists');
  await mkdir(join(folder, 'parts'), { recursive: true });
  await mkdir(join(folder, 'empty'), { recursive: true });
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  await writeFile(join(folder, 'parts/debian.sources'), sources.formatDeb822(stanzas));
  const settings = {
    'Dir::Etc::Main': '/dev/null',
    'Dir::Etc::Parts': join(folder, 'empty'),
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': join(folder, 'parts'),
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': join(folder, 'empty'),
    'Dir::State': folder,
    'Dir::State::Lists': lists,
    'Dir::State::status': status || join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`);
  const config = join(folder, 'apt.conf');
  await writeFile(config, `${[...acquire, ...lines].join('\n')}\n`);
  const env = { ...process.env, APT_CONFIG: config, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
  const update = ['-o', 'APT::Update::Error-Mode=any', 'update', '-qq'];
  const lock = join(folder, 'lock');
  await run('flock', [lock, 'apt-get', ...update], env).catch(async (error) => {
    const old = (await readdir(lists)).some((name) => name.endsWith('_Packages'));
    if (!old)
      throw new EngineUnavailable(`the Debian mirror can't be read: ${error.message}`, { cause: error });
    say(`the mirror can't be read, going on with the package lists of the last time (${suite})`);
  });
  return { suite, sources: stanzas, acquire, env, lists, lock };
}

/** The packages themselves (`download`), or with all they need and the machine doesn't have (`install`). */
export async function resolve(
  apt: Apt,
  how: 'download' | 'install',
  wanted: string[],
): Promise<sources.PackageFile[]> {
  const options = how === 'install' ? ['-y', '--no-install-recommends', '--no-upgrade'] : [];
  const files = sources.parsePrintUris(
    await run(
      'flock',
      ['--shared', apt.lock, 'apt-get', how, '--print-uris', ...options, ...wanted],
      apt.env,
    ),
  );
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function unpack(apt: Apt, files: sources.PackageFile[], root: string): Promise<void> {
  if (files.length === 0) return;
  const folder = await mkdtemp(join(tmpdir(), 'repro-debs-'));
  try {
    const names = files.map((file) => `${file.name}=${file.version}`);
    const download = ['flock', '--shared', apt.lock, 'apt-get', 'download', '-qq', ...names];
    await run('env', ['-C', folder, ...download], apt.env);
    for (const deb of await readdir(folder)) await run('dpkg-deb', ['-x', join(folder, deb), root]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** nft where the kernel has it, else legacy; tried in a network namespace of its own, which leaves nothing behind. */
async function iptablesFlavour(root: string, env: NodeJS.ProcessEnv): Promise<string> {
  for (const flavour of ['nft', 'legacy']) {
    const unpacked = join(root, `usr/sbin/xtables-${flavour}-multi`);
    const program = existsSync(unpacked) ? unpacked : `/usr/sbin/xtables-${flavour}-multi`;
    const rule = ['-t', 'nat', '-A', 'POSTROUTING', '-s', '192.0.2.0/24', '-j', 'MASQUERADE'];
    if (await succeeds('unshare', ['--net', program, 'iptables', ...rule], env)) return program;
  }
  throw new EngineUnavailable('the kernel has neither nft nor legacy iptables with MASQUERADE');
}

/** The engine's programs, from the cache or from the mirror. */
export async function tools(): Promise<Tools> {
  const codename = await debianRelease();
  const suite = process.env['REPRO_TEST_SUITE'] || 'trixie';
  const [engineApt, machineApt] = await Promise.all([
    aptFor(suite),
    aptFor(codename, '/var/lib/dpkg/status'),
  ]);
  const [engine, machine] = await Promise.all([
    resolve(engineApt, 'download', ENGINE),
    resolve(machineApt, 'install', MACHINE),
  ]);
  const root = await cached('tools', sha256(JSON.stringify([4, engine, machine])), async (folder) => {
    say(`getting ${[...engine, ...machine].map((file) => `${file.name} ${file.version}`).join(', ')}`);
    await unpack(machineApt, machine, folder);
    await unpack(engineApt, engine, folder);
    const multi = await iptablesFlavour(folder, environment(folder));
    await mkdir(join(folder, 'usr/local/bin'), { recursive: true });
    await mkdir(join(folder, 'client'));
    await symlink('../usr/bin/docker', join(folder, 'client/docker'));
    for (const name of ['iptables', 'ip6tables']) {
      await symlink(multi.replace(folder, '../../..'), join(folder, 'usr/local/bin', name));
    }
  });
  const buildx = ['usr/libexec/docker/cli-plugins/docker-buildx', 'usr/lib/docker/cli-plugins/docker-buildx']
    .map((path) => join(root, path))
    .find((path) => existsSync(path));
  if (buildx === undefined) throw new Error('the package docker-buildx has no plugin where it should be');
  return { env: environment(root), client: join(root, 'client'), root, buildx };
}

/** A package of the machine's own suite, unpacked; the folder. */
export async function unpackedPackage(name: string): Promise<string> {
  const apt = await aptFor(await debianRelease(), '/var/lib/dpkg/status');
  const files = await resolve(apt, 'download', [name]);
  return cached('packages', sha256(JSON.stringify(files)), async (folder) => {
    say(`getting ${name}`);
    await unpack(apt, files, folder);
  });
}

function environment(root: string): NodeJS.ProcessEnv {
  const { env } = process;
  const below = (...paths: string[]): string => paths.map((path) => join(root, path)).join(':');
  const triplets = ['x86_64', 'aarch64'].map((machine) => `${machine}-linux-gnu`);
  const libraries = triplets.flatMap((triplet) => [`usr/lib/${triplet}`, `lib/${triplet}`]);
  const perl = ['usr/share/perl', ...triplets.map((triplet) => `usr/lib/${triplet}/perl`)].flatMap((path) =>
    existsSync(join(root, path)) ? readdirSync(join(root, path)).map((version) => join(path, version)) : [],
  );
  return {
    ...env,
    LC_ALL: 'C.UTF-8',
    PATH: `${below('usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin')}:${env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    LD_LIBRARY_PATH: below(...libraries),
    PERL5LIB: below('usr/share/perl5', ...triplets.map((triplet) => `usr/lib/${triplet}/perl5`), ...perl),
    XTABLES_LIBDIR: triplets.map((t) => join(root, `usr/lib/${t}/xtables`)).find((path) => existsSync(path)),
  };
}
