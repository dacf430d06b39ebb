import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tools } from './debian.ts';
import { makeBridge } from './network.ts';
import { succeeds, waitFor } from './run.ts';
import { type Run, startServer } from './runs.ts';

/** Which image store: containerd's, or the classic one that was Docker Engine's default before 29. */
export type Store = 'containerd' | 'classic';

/** Starts containerd and dockerd and waits until they answer. Returns the environment for `docker`. */
export async function startDaemon(current: Run, tools: Tools, store: Store): Promise<NodeJS.ProcessEnv> {
  const below = (name: string): string => join(current.folder, name);
  const bridge = await makeBridge(current, tools.env);
  const json = (name: string, value: unknown): Promise<void> =>
    writeFile(below(name), `${JSON.stringify(value, undefined, 2)}\n`);

  // Our own containerd: dockerd would use the machine's where there is one.
  const containerd = below('c.sock');
  const toml = [
    'version = 2',
    `root = ${JSON.stringify(below('c'))}`,
    `state = ${JSON.stringify(below('cs'))}`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri"]',
    '[grpc]',
    `address = ${JSON.stringify(containerd)}`,
  ];
  await writeFile(below('containerd.toml'), `${toml.join('\n')}\n`);
  await json('daemon.json', {
    'data-root': below('d'),
    'exec-root': below('e'),
    pidfile: below('dockerd.pid'),
    hosts: [`unix://${below('docker.sock')}`],
    containerd,
    bridge,
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
    'ip-masq': false,
    features: { 'containerd-snapshotter': store === 'containerd' },
    'insecure-registries': ['127.0.0.0/8'],
  });
  const config = below('docker-config');
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await symlink(tools.buildx, join(config, 'cli-plugins/docker-buildx'));
  await json('docker-config/config.json', proxies());

  const server = startServer(
    current,
    'containerd',
    ['containerd', '--config', below('containerd.toml')],
    tools.env,
  );
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${tools.client}:${process.env['PATH'] ?? ''}`,
    DOCKER_HOST: `unix://${below('docker.sock')}`,
    DOCKER_CONFIG: config,
  };
  for (const name of ['DOCKER_CONTEXT', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'BUILDX_BUILDER'])
    delete env[name];
  const ready = (): Promise<boolean> => succeeds('ctr', ['--address', containerd, 'version'], tools.env);
  await waitFor('containerd', ready, server.gone);
  const daemon = startServer(
    current,
    'dockerd',
    ['dockerd', '--config-file', below('daemon.json')],
    tools.env,
  );
  await waitFor('dockerd', () => succeeds('docker', ['version'], env), daemon.gone);
  return env;
}

/** Build steps reach the mirror as the machine does: Docker's client passes these on as build arguments. */
function proxies(): object {
  const value = (name: string): string | undefined => process.env[name] || process.env[name.toUpperCase()];
  const proxy = {
    httpProxy: value('http_proxy'),
    httpsProxy: value('https_proxy'),
    noProxy: value('no_proxy'),
  };
  return proxy.httpProxy || proxy.httpsProxy ? { proxies: { default: proxy } } : {};
}
