import { readdirSync, readFileSync } from 'node:fs';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { cycloneDxValidator, spdxValidator } from '../sbom/schemas.ts';
import { engineOf, newProject, ok, type Project } from './project.ts';

const test = anyTest as TestFn;
const fixtures = 'test/fixtures/lockfiles';

/** The official schema of SPDX is in no npm package; Debian has the SPDX project's own validator. */
export function sbomTests(suite: string): void {
  const engine = engineOf(suite);
  test.serial("SPDX documents of all families are valid for SPDX's own tools", async (t) => {
    const project = await newProject(t, engine);
    const lockfiles = readdirSync(fixtures).map((name) => `${fixtures}/${name}`);
    for (const [index, file] of [...lockfiles, 'repro.lock.example'].entries()) {
      await project.write('repro.lock', readFileSync(file, 'utf8'));
      await ok(t, project.repro('sbom', '--format', 'spdx', '-o', `${index}.spdx.json`));
    }
    const tools = `FROM ${engine.registry}/debian:trixie-slim
RUN sed -i '/^$/,$d; s/^Suites: .*/Suites: sid/' /etc/apt/sources.list.d/debian.sources && apt-get update -q && apt-get install -y -q --no-install-recommends python3-spdx-tools
COPY *.spdx.json /
`;
    const validate = async (script: string) => {
      await project.write('Dockerfile', `${tools}RUN ${script}\n`);
      return project.docker('buildx', 'build', '.');
    };
    await ok(t, validate('for file in /*.spdx.json; do pyspdxtools -i $file || exit 1; done'));
    const broken = await validate(
      `sed -i 's/"documentNamespace": .*/"documentNamespace": "none",/' /0.spdx.json && pyspdxtools -i /0.spdx.json`,
    );
    t.not(broken.code, 0);
    t.regex(broken.output, /document_namespace must be a valid URI/);
  });
}

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
