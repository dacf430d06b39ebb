import type { ExecutionContext } from 'ava';
import { cycloneDxValidator, spdxValidator } from '../sbom/schemas.ts';
import { ok, type Project } from './project.ts';

/** Both formats list each file that the lockfile of a project pins, and no other. */
export async function checkSbom(t: ExecutionContext, project: Project): Promise<void> {
  const locked = [...(await project.read('repro.lock')).matchAll(/ sha256 = "([0-9a-f]{64})"/g)].map(
    ([, sha256]) => sha256,
  );
  const bom = JSON.parse((await ok(t, project.repro('sbom'))).stdout);
  const cycloneDx = cycloneDxValidator();
  t.true(cycloneDx(bom), JSON.stringify(cycloneDx.errors));
  const components: { type: string; purl: string; hashes?: { content: string }[] }[] = bom.components;
  const packages = components.filter(({ type }) => type === 'library');
  t.deepEqual(packages.map(({ hashes }) => hashes?.[0]?.content).sort(), locked.toSorted());

  await ok(t, project.repro('sbom', '--format', 'spdx', '-o', 'bom.spdx.json'));
  const document = JSON.parse(await project.read('bom.spdx.json'));
  const spdx = spdxValidator();
  t.true(spdx(document), JSON.stringify(spdx.errors));
  const listed: { externalRefs?: { referenceLocator: string }[] }[] = document.packages;
  const purls = listed.flatMap(({ externalRefs = [] }) => externalRefs.map((ref) => ref.referenceLocator));
  t.deepEqual(
    purls.filter((purl) => !purl.startsWith('pkg:oci/')).sort(),
    packages.map(({ purl }) => purl).sort(),
  );
}
