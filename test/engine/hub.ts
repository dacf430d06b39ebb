import { EngineUnavailable, run, say, succeeds, waitFor } from './run.ts';
import { type Run, save } from './runs.ts';

/**
 * For a machine that has an engine but isn't a Debian we may use: registry and base images are Docker Hub's, or those
 * of the same name that the engine has already.
 */
async function have(image: string): Promise<void> {
  if (await succeeds('docker', ['image', 'inspect', image])) return;
  say(`pulling ${image}`);
  await run('docker', ['pull', '--quiet', image]).catch((error) => {
    throw new EngineUnavailable(`${image} can't be pulled: ${error.message}`, { cause: error });
  });
}

/** A registry in a container on loopback: `127.0.0.1:PORT`. */
export async function hubRegistry(current: Run): Promise<string> {
  await have('registry:2');
  const name = `${current.folder.split(/[\\/]/).at(-1)}-registry`;
  current.state.containers.push(name);
  save(current);
  const options = ['--detach', '--name', name, '--publish', '127.0.0.1::5000'];
  await run('docker', ['run', ...options, '--env', 'REGISTRY_STORAGE_DELETE_ENABLED=true', 'registry:2']);
  const host = (await run('docker', ['port', name, '5000/tcp'])).trim().split('\n')[0] ?? '';
  const answers = (): Promise<boolean> =>
    fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor('the registry', answers, undefined, 30);
  return host;
}

/** Pushes Debian's image of a suite. Returns the digest that the registry has for the tag. */
export async function hubBase(host: string, suite: string): Promise<string> {
  const image = `debian:${suite}-slim`;
  await have(image);
  await run('docker', ['tag', image, `${host}/${image}`]);
  await run('docker', ['push', '--quiet', `${host}/${image}`]);
  await run('docker', ['rmi', `${host}/${image}`]);
  const types = ['oci.image.index.v1', 'oci.image.manifest.v1', 'docker.distribution.manifest.list.v2'];
  const accept = [...types, 'docker.distribution.manifest.v2']
    .map((type) => `application/vnd.${type}+json`)
    .join();
  const url = `http://${host}/v2/debian/manifests/${suite}-slim`;
  const response = await fetch(url, { method: 'HEAD', headers: { accept } });
  const digest = response.headers.get('docker-content-digest');
  if (digest === null) throw new Error(`HEAD ${url}: ${response.status}, without a digest`);
  return digest;
}
