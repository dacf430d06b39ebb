import { type Problem, quote } from '../../errors.ts';
import type { Lockfile } from '../../model.ts';
import type { Docker } from '../../ports.ts';
import { requirements } from '../../tools.ts';
import { askDocker, type Builder, type DockerFacts } from './docker.ts';
import { type Check, type Finding, fine, found, thrown } from './finding.ts';

const INSTALL_BUILDX = 'https://docs.docker.com/build/install-buildx/';
const INSTALL_ENGINE = 'https://docs.docker.com/engine/install/';

/** Docker and what it is made of, against what a bake file of this lockfile uses. */
export async function checkTools(lockfile: Lockfile | undefined, docker: Docker): Promise<Finding[]> {
  let facts: DockerFacts;
  try {
    facts = await askDocker(docker);
  } catch (error) {
    return thrown('docker', error);
  }
  const { client, builder } = facts;
  return [
    fine('docker', client === undefined ? 'it is there, and does not tell its version' : client),
    ...(await checkBuildx(facts)),
    ...(await checkEngine(facts)),
    ...(facts.buildx === undefined ? [] : await checkBuilder(facts)),
    ...checkStore(facts, lockfile),
    ...(builder?.isRunning && lockfile !== undefined ? checkPlatforms(builder, lockfile) : []),
  ];
}

async function checkBuildx({ buildx }: DockerFacts): Promise<Finding[]> {
  if (buildx !== undefined) return checkVersion('buildx', 'buildx', buildx, 'E_OLD_BUILDX', INSTALL_BUILDX);
  const message = 'docker has no buildx plugin';
  return [found('buildx', 'error', { code: 'E_NO_BUILDX', message, hint: `install it: ${INSTALL_BUILDX}` })];
}

async function checkEngine({ engine, builder, silent }: DockerFacts): Promise<Finding[]> {
  const isUsed = usesEngine(builder);
  if (engine !== undefined && isUsed)
    return checkVersion('engine', 'engine', engine, 'E_OLD_ENGINE', INSTALL_ENGINE);
  if (engine !== undefined) return [fine('engine', engine)];
  if (builder?.driver === 'remote' || builder?.driver === 'kubernetes')
    return [fine('engine', `none answers, and the builder ${quote(builder.name)} needs none`)];
  if (silent[0] !== undefined) return [found('engine', 'error', silent[0])];
  const message = 'no docker engine answers';
  const hint = 'start the engine, or choose a builder that has its own: docker buildx use NAME';
  return [found('engine', 'error', { code: 'E_NO_ENGINE', message, hint })];
}

/** Whether BuildKit is the engine's own. */
function usesEngine(builder: Builder | undefined): boolean {
  return builder === undefined || builder.driver === 'docker' || builder.driver === '';
}

async function checkBuilder({ builder, engine, silent }: DockerFacts): Promise<Finding[]> {
  const hint = 'docker buildx ls shows the builders; docker buildx use NAME chooses one';
  if (builder === undefined && silent.length > 0)
    // Said by the engine's check, where that is silent, too.
    return engine === undefined ? [] : silent.map((problem) => found('builder', 'error', problem));
  if (builder === undefined)
    return [found('builder', 'error', { code: 'E_BUILDER', message: 'there is no builder to ask', hint })];
  const { name, driver, error, isRunning, version } = builder;
  if (error !== undefined) {
    // Said by the engine's check.
    if (engine === undefined && usesEngine(builder)) return [];
    const message = `the builder ${quote(name)} does not work: ${quote(error)}`;
    return [found('builder', 'error', { code: 'E_BUILDER', message, hint })];
  }
  if (!isRunning) {
    const message = `the builder ${quote(name)} (${driver}) is not running, so what it can do is not known`;
    const start = 'docker buildx inspect --bootstrap';
    return [found('builder', 'warning', { code: 'E_BUILDER', message, hint: start })];
  }
  if (version === undefined || usesEngine(builder)) return [fine('builder', `${quote(name)} (${driver})`)];
  const what = `${quote(name)} (${driver}), BuildKit`;
  return checkVersion('builder', 'BuildKit', version, 'E_OLD_BUILDKIT', 'docker buildx create --use', what);
}

async function checkVersion(
  check: Check,
  tool: keyof typeof requirements,
  version: string,
  code: string,
  fix: string,
  what = '',
): Promise<Finding[]> {
  const { coerce, satisfies } = (await import('semver')).default;
  const known = coerce(version);
  const lacking = requirements[tool].filter(({ range }) => known !== null && !satisfies(known, range));
  const shown = `${what} ${version}`.trim();
  if (lacking.length === 0) return [fine(check, shown)];
  const list = lacking.map(({ feature, range }) => `${feature}: ${range.replace('>=', '')}`).join('; ');
  const message = `${tool} ${version} is too old for ${list}`;
  const severity = lacking.every(({ optional }) => optional) ? 'warning' : 'error';
  return [found(check, severity, { code, message, hint: `get a newer one: ${fix}` })];
}

function checkStore({ store, builder }: DockerFacts, lockfile: Lockfile | undefined): Finding[] {
  if (store === undefined || builder?.driver !== 'docker') return [];
  const count = lockfile?.platforms.length ?? 1;
  if (store === 'containerd') return [fine('image store', 'containerd')];
  if (count === 1) return [fine('image store', 'classic: the digests of what it pushes are its own')];
  const problem: Problem = {
    code: 'E_IMAGE_STORE',
    message: `the classic image store builds for one platform at a time, and the lockfile has ${count}`,
    hint: 'docker buildx create --use, or turn the containerd store on: https://docs.docker.com/engine/storage/containerd/',
  };
  return [found('image store', 'error', problem)];
}

function checkPlatforms({ name, platforms }: Builder, lockfile: Lockfile): Finding[] {
  const missing = lockfile.platforms.filter((platform) => !platforms.includes(platform));
  if (missing.length === 0)
    return [fine('platforms', `${quote(name)} builds for ${lockfile.platforms.join(', ')}`)];
  return missing.map((platform) => {
    const machine = platform.split('/')[1];
    const message = `the builder ${quote(name)} can't run programs for ${platform}`;
    const hint = `emulate it: docker run --privileged --rm tonistiigi/binfmt --install ${machine}`;
    return found('platforms', 'error', { code: 'E_NO_EMULATION', message, hint });
  });
}
