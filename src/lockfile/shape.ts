import type { Base, Build, Cache, Lockfile, Package } from '../model.ts';
import { boolean, list, natural, type Reader, record, table, text } from './read.ts';
import * as value from './values.ts';

/** As much of a lockfile as could be read. */
export interface Draft
  extends Partial<
    Omit<Lockfile, 'platforms' | 'packages' | 'platform-packages' | 'base' | 'cache' | 'platform' | 'build'>
  > {
  platforms?: (string | undefined)[];
  packages?: (string | undefined)[];
  'platform-packages'?: Record<string, (string | undefined)[]>;
  build?: Partial<Build>;
  base?: Partial<Base>;
  cache?: Partial<Cache>;
  platform?: (DraftPins | undefined)[];
}
export interface DraftPins {
  name?: string;
  packages?: (Partial<Package> | undefined)[];
}

/** What has its place in the format and does not work yet. */
function notYet<T>(what: string): Reader<T> {
  return (_, at, report) => {
    report({ code: 'E_NOT_YET', message: `${what} can't be used yet`, at, hint: 'remove it' });
    return undefined;
  };
}

const version: Reader<1> = (content, at, report) => {
  if (content === 1) return 1;
  const isNumber = typeof content === 'number' || typeof content === 'bigint';
  report({ code: isNumber ? 'E_VALUE' : 'E_TYPE', message: '`version` must be the number 1', at });
  return undefined;
};

const pkg = table<Package>(
  {
    name: value.word,
    version: value.word,
    arch: value.word,
    sha256: value.sha256,
    size: natural,
    source: value.word,
  },
  ['name', 'version', 'arch', 'sha256', 'size'],
);

const anyKey = () => undefined;

export const lockfileShape: Reader<Draft> = table<Draft>(
  {
    version,
    note: text(undefined, { lines: true }),
    image: value.taggedImage('the digest of what you build is not part of the lockfile'),
    distro: value.distro,
    platforms: list(value.platform),
    packages: list(text()),
    'platform-packages': record(anyKey, list(text())),
    recommends: boolean,
    snapshot: notYet("collecting from the distro's archive (`snapshot`)"),
    labels: record(anyKey, text(undefined, { empty: true })),
    build: table<Build>(
      {
        dockerfile: value.insidePath,
        context: value.insidePath,
        target: value.stage,
        args: record(value.argName, text(undefined, { empty: true })),
      },
      ['dockerfile'],
    ),
    repository: notYet('further package repositories (`[[repository]]`)'),
    base: table<Base>(
      {
        image: value.taggedImage('put the digest into `base.digest`'),
        digest: value.digest,
        release: value.release,
        created: value.time,
        user: value.user,
      },
      ['image'],
    ),
    cache: table<Cache>(
      {
        image: value.taggedImage('put the digest into `cache.digest`'),
        digest: value.digest,
        inputs: value.digest,
      },
      ['image'],
    ),
    platform: list(table<DraftPins>({ name: value.platform, packages: list(pkg) }, ['name', 'packages'])),
  },
  ['version', 'image', 'distro', 'platforms', 'packages', 'base', 'cache'],
);
