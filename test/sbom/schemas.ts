import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const folder = 'node_modules/@cyclonedx/cyclonedx-library/res/schema';
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** The official schema of CycloneDX 1.6. */
export function cycloneDxValidator() {
  const formats = { 'date-time': time, 'iri-reference': true, 'idn-email': true, uri: true } as const;
  const ajv = new Ajv({ strict: false, allErrors: true, formats });
  const schema = (name: string) => JSON.parse(readFileSync(`${folder}/${name}.SNAPSHOT.schema.json`, 'utf8'));
  // As the main schema names them.
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema({ ...schema(name), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` });
  }
  return ajv.compile(schema('bom-1.6'));
}

const text = { type: 'string', minLength: 1 };
const none = { const: 'NOASSERTION' };
const id = { type: 'string', pattern: '^SPDXRef-[A-Za-z0-9.-]+$' };
const object = (required: object, optional: object = {}) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(required),
  properties: { ...required, ...optional },
});
const some = (items: object) => ({ type: 'array', minItems: 1, items });

/**
 * The part of SPDX 2.3 that is used, narrower than the official schema, which no npm package ships. Clauses 6, 7, 11 of
 * the specification, and the enumerations of schemas/spdx-schema.json.
 */
export function spdxValidator() {
  const checksum = {
    algorithm: { const: 'SHA256' },
    checksumValue: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  };
  const purl = {
    referenceCategory: { const: 'PACKAGE-MANAGER' },
    referenceType: { const: 'purl' },
    referenceLocator: { type: 'string', pattern: '^pkg:[!-~]+$' },
  };
  const packages = object(
    {
      SPDXID: id,
      name: text,
      supplier: none,
      downloadLocation: none,
      filesAnalyzed: { const: false },
      licenseConcluded: none,
      licenseDeclared: none,
      copyrightText: none,
    },
    {
      versionInfo: text,
      primaryPackagePurpose: { enum: ['CONTAINER', 'OPERATING_SYSTEM'] },
      checksums: some(object(checksum)),
      sourceInfo: text,
      externalRefs: some(object(purl)),
    },
  );
  const types = ['DESCRIBES', 'CONTAINS', 'DESCENDANT_OF', 'BUILD_DEPENDENCY_OF', 'VARIANT_OF'];
  return new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
    object({
      spdxVersion: { const: 'SPDX-2.3' },
      dataLicense: { const: 'CC0-1.0' },
      SPDXID: { const: 'SPDXRef-DOCUMENT' },
      name: text,
      documentNamespace: { type: 'string', pattern: '^https://spdx[.]org/spdxdocs/repro-[0-9a-f-]{36}$' },
      creationInfo: object({
        created: { type: 'string', pattern: time.source },
        creators: { const: ['Tool: repro'] },
      }),
      packages: some(packages),
      relationships: some(
        object({
          spdxElementId: id,
          relationshipType: { enum: types },
          relatedSpdxElement: { anyOf: [id, none] },
        }),
      ),
    }),
  );
}
