import type { Family } from './family.ts';
import { fileName, readInventory } from './rpm/inventory.ts';
import { architecture, asksFor, checkPackage, checkRequest } from './rpm/rules.ts';
import { describeScript, scratch } from './rpm/steps.ts';
import { compareVersions } from './rpm/version.ts';
import { collectScript, installScript } from './zypper/scripts.ts';

// No files: libsolv knows only those that a package's dependencies name (pool_addfileprovides).
const request = /^[A-Za-z0-9_][A-Za-z0-9._+-]*(?:=(?:\d+:)?[A-Za-z0-9._+~^]+(?:-[A-Za-z0-9._+~^]+)?)?$/;

/** openSUSE, SUSE Linux Enterprise and what is made of them. */
export const zypper: Family = {
  name: 'zypper',
  distros: {
    'opensuse-leap': 'openSUSE Leap',
    'opensuse-slowroll': 'openSUSE Slowroll',
    'opensuse-tumbleweed': 'openSUSE Tumbleweed',
    sled: 'SUSE Linux Enterprise Desktop',
    sles: 'SUSE Linux Enterprise Server',
  },
  purl: {
    type: 'rpm',
    namespaces: {
      'opensuse-leap': 'opensuse',
      'opensuse-slowroll': 'opensuse',
      'opensuse-tumbleweed': 'opensuse',
      sled: 'suse',
      sles: 'suse',
    },
  },
  checkRequest: (text) => checkRequest(text, request, 'name, name.arch, name=version, name=version-release'),
  checkPackage,
  compareVersions,
  asksFor: (text, pkg) => asksFor(text.replace(/=.*/s, ''), pkg),
  architecture,
  collect: (intent) => ({ flags: [scratch], script: collectScript(intent) }),
  install: (intent, locked) => ({ flags: [scratch], script: installScript(intent, locked) }),
  describe: () => ({ flags: [scratch], script: describeScript() }),
  fileName,
  inventory: 'INVENTORY',
  readInventory,
};
