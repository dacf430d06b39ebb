import type { Package } from '../model.ts';

/** What the build steps are made for. */
export interface Intent {
  /** As in `packages` of the lockfile. */
  requests: readonly string[];
  /** Recommended packages on or off; undefined: as the base image is configured. */
  recommends?: boolean | undefined;
}

/** A RUN step: its flags, and its script with the interpreter in the first line. */
export interface Step {
  flags: string[];
  script: string;
}

/** A package manager: data and pure functions. One file a family, one line a distro. */
export interface Family {
  /** `apt`, `dnf` … */
  name: string;
  /** os-release ID -> the distro's name for people. */
  distros: Record<string, string>;
  /** Package URLs of its packages (github.com/package-url/purl-spec, types/). */
  purl: {
    type: 'alpm' | 'apk' | 'deb' | 'rpm';
    /** os-release ID -> the namespace, where it is another. */
    namespaces?: Record<string, string>;
  };
  /** What is wrong with a request (`jq`, `jq=1.7-1`), undefined where nothing is. */
  checkRequest(request: string): string | undefined;
  /** Which field of a locked package breaks the distro's rules, undefined where none does. */
  checkPackage(pkg: Package): { field: keyof Package; message: string } | undefined;
  /** Negative where version `a` is older than `b`, positive where it is newer, as the family's own tool orders. */
  compareVersions(a: string, b: string): number;
  /** Whether a request names this package, in whatever version the request has; false where it names what a package provides. */
  asksFor(request: string, pkg: Package): boolean;
  /** The distro's names of a platform's architecture (`linux/amd64` -> `amd64`), undefined where it has none. */
  architecture(platform: string): string | undefined;
  /** Downloads what the requests need on the base image into /out, and describes it in /out/INVENTORY. */
  collect(intent: Intent): Step;
  /**
   * Installs offline from the cache mounted at /mnt: exactly the `locked` files. While nothing is locked
   * (undefined) whatever the cache holds.
   */
  install(intent: Intent, locked: readonly Package[] | undefined): Step;
  /** Describes package files that another recipe collected anywhere under /out (a Dockerfile in the method's own shape). */
  describe(): Step;
  /**
   * Asks the distro, with the checks of the base image's package manager, what it has today under the names of the packages:
   * writes to /out/upstream, a line each, between tabs: sha256, name, version, architecture. Only where indexes with hashes
   * are signed.
   */
  upstream?(packages: readonly Package[]): Step;
  /** What a package's file is called in the cache. */
  fileName(pkg: Package): string;
  /** Name of the file in the cache's last layer that lists its packages. */
  inventory: string;
  /** The packages of that file's text; throws ReproError (E_INVENTORY). */
  readInventory(text: string): Package[];
}
