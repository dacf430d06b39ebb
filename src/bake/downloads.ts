/** A command that gets something from the network. */
export interface Download {
  /** `apt-get install`. */
  command: string;
  /** Whether what it installs could be in the lockfile. */
  isPackageManager: boolean;
}

const apt = words('update install reinstall upgrade dist-upgrade full-upgrade build-dep source download');
const dnf = words(
  'install reinstall upgrade update makecache group groupinstall builddep download distro-sync',
);
const zypper = words('install in update up refresh ref dist-upgrade dup patch install-new-recommends inr');

const packageManagers: Readonly<Record<string, ReadonlySet<string>>> = {
  apt,
  'apt-get': apt,
  aptitude: apt,
  dnf,
  dnf5: dnf,
  yum: dnf,
  microdnf: dnf,
  zypper,
  apk: words('add update upgrade fetch fix'),
};

const node = words('install i ci add update up upgrade exec x dlx create');
const others: Readonly<Record<string, ReadonlySet<string>>> = {
  pip: words('install download wheel'),
  pip3: words('install download wheel'),
  pipx: words('install run'),
  uv: words('sync add pip tool'),
  poetry: words('install add update'),
  npm: node,
  pnpm: node,
  yarn: node,
  bun: node,
  gem: words('install update'),
  bundle: words('install update'),
  composer: words('install update require create-project'),
  cargo: words('install fetch'),
  go: words('get install mod'),
  git: words('clone fetch pull submodule'),
};
const always = words('curl wget npx');

/** What stands before the command that is meant. */
const before = words('then do else if while until sudo exec env time xargs sh bash ash dash');
const offline = words('--no-index --offline --no-download --no-network --cacheonly');

/** The commands of a shell text that get something from the network, as far as that can be told from their words. */
export function downloadsOf(shell: string): Download[] {
  return shell.split(/[;&|(){}!\n]+/).flatMap((piece) => downloadOf(piece) ?? []);
}

function downloadOf(piece: string): Download | undefined {
  const all = piece.split(/[\s"'`]+/).filter((word) => word !== '');
  const start = all.findIndex((word) => !(before.has(word) || /^(?:-|\w+=|python[\d.]*$)/.test(word)));
  const [program = '', ...args] = start === -1 ? [] : all.slice(start);
  if (args.some((arg) => offline.has(arg))) return undefined;
  const name = program.split('/').at(-1) ?? '';
  if (always.has(name)) return { command: name, isPackageManager: false };
  if (name === 'pacman') {
    const sync = args.find((arg) => /^(?:-S|--sync)/.test(arg));
    return sync === undefined ? undefined : { command: `pacman ${sync}`, isPackageManager: true };
  }
  const isPackageManager = Object.hasOwn(packageManagers, name);
  const known = isPackageManager
    ? packageManagers[name]
    : Object.hasOwn(others, name)
      ? others[name]
      : undefined;
  const sub = args.find((arg) => known?.has(arg));
  return sub === undefined ? undefined : { command: `${name} ${sub}`, isPackageManager };
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
