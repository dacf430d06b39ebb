import type { Bill, Part } from './bill.ts';

/** CycloneDX 1.6. `created` is its timestamp: none, where there is none. */
export function cycloneDx(bill: Bill, created: string | undefined): object {
  const { app, base, cache, distro, variants, packages } = bill;
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${bill.uuid}`,
    version: 1,
    metadata: {
      timestamp: created,
      tools: { components: [{ type: 'application', name: 'repro' }] },
      component: { ...component(app), pedigree: { ancestors: [description(base)] } },
    },
    components: [
      component(base),
      // Not a part of what runs.
      { ...component(cache), scope: 'excluded' },
      component(distro),
      ...variants.map(component),
      ...packages.map(component),
    ],
    dependencies: dependencies(bill),
    // What else the base image contains is not known here.
    compositions: [{ aggregate: 'incomplete', assemblies: [base.id] }],
  };
}

function component(part: Part): object {
  return { 'bom-ref': part.id, ...description(part) };
}

const types = { image: 'container', distro: 'operating-system', package: 'library' };

function description({ kind, name, version, purl, sha256, source }: Part): object {
  return {
    type: types[kind],
    name,
    version,
    hashes: sha256 && [{ alg: 'SHA-256', content: sha256 }],
    purl,
    properties: source && [{ name: 'repro:source', value: source }],
  };
}

/** The format has one kind of relation here: what needs what. */
function dependencies({ app, base, cache, distro, variants, packages, relations }: Bill): object[] {
  const needed = new Map<Part, string[]>();
  for (const part of [app, base, cache, distro, ...variants, ...packages]) needed.set(part, []);
  for (const { from, to } of relations) needed.get(from)?.push(to.id);
  return [...needed].map(([{ id }, ids]) => (ids.length === 0 ? { ref: id } : { ref: id, dependsOn: ids }));
}
