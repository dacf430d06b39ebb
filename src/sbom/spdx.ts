import type { Bill, Part, Relation } from './bill.ts';

/** SPDX 2.3. It must have a time of creation. */
export function spdx(bill: Bill, created: string): object {
  const { app, base, cache, distro, variants, packages } = bill;
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: app.name,
    // 6.5 has this path for those that have no site of their own.
    documentNamespace: `https://spdx.org/spdxdocs/repro-${bill.uuid}`,
    creationInfo: { created, creators: ['Tool: repro'] },
    packages: [app, base, cache, distro, ...variants, ...packages].map(spdxPackage),
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', spdxId(app)),
      ...bill.relations.map(relate),
      // What else it contains is not known here (11.1.2).
      relationship(spdxId(base), 'CONTAINS', 'NOASSERTION'),
    ],
  };
}

// As the JSON schema has it; 7.24 has a hyphen in it.
const purposes = { image: 'CONTAINER', distro: 'OPERATING_SYSTEM', package: undefined };

function spdxPackage(part: Part): object {
  const { kind, name, version, purl, sha256, source } = part;
  return {
    SPDXID: spdxId(part),
    name,
    versionInfo: version,
    primaryPackagePurpose: purposes[kind],
    supplier: 'NOASSERTION',
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    checksums: sha256 && [{ algorithm: 'SHA256', checksumValue: sha256 }],
    sourceInfo: source && `built package from: ${source}`,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    externalRefs: purl && [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl },
    ],
  };
}

/** SPDX 2.3, table 68. */
function relate({ from, how, to }: Relation): object {
  const [a, b] = [spdxId(from), spdxId(to)];
  switch (how) {
    case 'contains':
      return relationship(a, 'CONTAINS', b);
    case 'derived from':
      return relationship(a, 'DESCENDANT_OF', b);
    case 'built with':
      return relationship(b, 'BUILD_DEPENDENCY_OF', a);
    case 'has variant':
      return relationship(b, 'VARIANT_OF', a);
  }
}

function relationship(from: string, relationshipType: string, to: string): object {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

function spdxId({ id }: Part): string {
  return `SPDXRef-${id}`;
}
