import test from 'ava';
import fc from 'fast-check';
import { familyOf } from '../../src/distro/index.ts';
import { knownOrders, versions } from './version-samples.ts';

/* test/e2e/versions.ts compares the same orders with the real tools. */

for (const distro of ['debian', 'fedora', 'opensuse-leap', 'arch', 'alpine']) {
  const family = familyOf(distro);
  if (family === undefined) throw new Error(distro);
  const { name, compareVersions, checkPackage } = family;

  test(`${name}: older, newer, the same`, (t) => {
    const orders = knownOrders(name);
    t.true(orders.length > 100);
    const isValid = (version: string) =>
      checkPackage({ name: 'jq', version, arch: 'all', sha256: '', size: 1 }) === undefined;
    t.deepEqual(
      orders.filter(({ a, b, order }) => !isValid(a) || Math.sign(compareVersions(a, b)) !== order),
      [],
    );
  });

  test(`${name}: an order`, (t) => {
    const version = versions[name] ?? fc.constant('');
    const sign = (a: string, b: string) => Math.sign(compareVersions(a, b));
    const isOrder = (a: string, b: string, c: string) => {
      const [first, second, third] = [a, b, c].sort(compareVersions) as [string, string, string];
      const rising = sign(first, second) <= 0 && sign(second, third) <= 0 && sign(first, third) <= 0;
      return rising && sign(a, a) === 0 && sign(a, b) === 0 - sign(b, a);
    };
    const options = { seed: 42, numRuns: 3000 };
    t.notThrows(() => fc.assert(fc.property(version, version, version, isOrder), options));
  });
}
