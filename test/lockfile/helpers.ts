import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { DistroRules } from '../../src/lockfile/index.ts';
import { parseLockfile } from '../../src/lockfile/index.ts';
import type { Lockfile } from '../../src/model.ts';

/** The working folder of the tests is the project's. */
export const example = readFileSync('repro.lock.example', 'utf8');

export const schema = new Ajv({ strict: true, strictRequired: false }).compile(
  JSON.parse(readFileSync('schemas/repro-lock.schema.json', 'utf8')),
);

/** A family with little to say, so that these tests are about the lockfile. */
export const rules: DistroRules = {
  knownDistros: ['alpine', 'debian'],
  familyOf: (distro) =>
    distro !== 'debian'
      ? undefined
      : {
          checkRequest: (request) => (request.endsWith('-') ? 'ends in "-"' : undefined),
          checkPackage: ({ name }) =>
            /[A-Z]/.test(name) ? { field: 'name', message: 'has capitals' } : undefined,
          architecture: (platform) =>
            ({ 'linux/amd64': 'amd64', 'linux/arm64': 'arm64' })[platform as 'linux/amd64'],
        },
};

export const parse = (text: string): Promise<Lockfile> => parseLockfile(text, 'repro.lock', rules);

/** The example with one place changed; fails where there is no such place. */
export function edited(from: string | RegExp, to: string): string {
  const text = example.replace(from, () => to);
  if (text === example) throw new Error(`the example has no ${from}`);
  return text;
}
