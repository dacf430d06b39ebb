import { collectScript, installScript } from './dnf/scripts.ts';
import type { Family } from './family.ts';
import { fileName, readInventory } from './rpm/inventory.ts';
import { architecture, asksFor, checkPackage, checkRequest } from './rpm/rules.ts';
import { describeScript, scratch } from './rpm/steps.ts';
import { compareVersions } from './rpm/version.ts';

// A name, maybe with a version; or a file that a package has.
const request =
  /^(?:[A-Za-z0-9_][A-Za-z0-9._+~^-]*(?:-\d+:[A-Za-z0-9._+~^]+(?:-[A-Za-z0-9._+~^]+)?)?|\/[A-Za-z0-9._+/-]+)$/;

/** Fedora, Red Hat Enterprise Linux and what is made of them, with dnf 4 or 5: the steps look which one is there. */
export const dnf: Family = {
  name: 'dnf',
  distros: {
    almalinux: 'AlmaLinux',
    amzn: 'Amazon Linux',
    centos: 'CentOS Stream',
    fedora: 'Fedora Linux',
    ol: 'Oracle Linux',
    rhel: 'Red Hat Enterprise Linux',
    rocky: 'Rocky Linux',
  },
  purl: { type: 'rpm', namespaces: { rhel: 'redhat' } },
  checkRequest: (text) =>
    checkRequest(text, request, 'name, name-version, name-epoch:version-release, name.arch, a file'),
  checkPackage,
  compareVersions,
  asksFor,
  architecture,
  collect: (intent) => ({ flags: [scratch], script: collectScript(intent) }),
  install: (intent, locked) => ({ flags: [scratch], script: installScript(intent, locked) }),
  describe: () => ({ flags: [scratch], script: describeScript() }),
  fileName,
  inventory: 'INVENTORY',
  readInventory,
};
