import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run, waitFor } from './run.ts';
import { type Run, startServer, stopProcess } from './runs.ts';

export interface RegistryOptions {
  /** Storage; default: a new folder in the run's. */
  folder?: string;
  /** Default: a free one. */
  port?: number;
  /** Users and their passwords, for basic authentication. */
  htpasswd?: Record<string, string>;
  /** A token server: its URL, and the file with the certificate of its signing key (PEM). */
  token?: { realm: string; service: string; issuer: string; rootcertbundle: string };
  /** Default: true. */
  deletable?: boolean;
}

export interface RegistryServer {
  /** `127.0.0.1:PORT` */
  host: string;
  port: number;
  folder: string;
  log: string;
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** The registry takes bcrypt only; Debian's crypt(3) knows it, and perl, which is essential, has crypt. */
function bcrypt(password: string): Promise<string> {
  const salt = '$2y$05$reproducibletestsaltee';
  return run('perl', ['-e', 'print crypt($ARGV[0], $ARGV[1])', password, salt]);
}

/** docker-registry on loopback, ready to answer. */
export async function startRegistry(
  current: Run,
  env: NodeJS.ProcessEnv,
  options: RegistryOptions = {},
): Promise<RegistryServer> {
  const port = options.port ?? (await freePort());
  const name = `registry-${port}`;
  const folder = options.folder ?? join(current.folder, name);
  await mkdir(folder, { recursive: true });
  let auth: object | undefined;
  if (options.htpasswd !== undefined) {
    const users = Object.entries(options.htpasswd);
    const lines = await Promise.all(
      users.map(async ([user, password]) => `${user}:${await bcrypt(password)}`),
    );
    const path = join(current.folder, `${name}.htpasswd`);
    await writeFile(path, `${lines.join('\n')}\n`);
    auth = { htpasswd: { realm: 'test', path } };
  } else if (options.token !== undefined) auth = { token: options.token };
  // JSON is YAML.
  const config = join(current.folder, `${name}.yml`);
  const content = {
    version: '0.1',
    log: { level: 'info' },
    storage: {
      filesystem: { rootdirectory: folder },
      delete: { enabled: options.deletable ?? true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: `127.0.0.1:${port}` },
    ...(auth && { auth }),
  };
  await writeFile(config, JSON.stringify(content, undefined, 2));
  const server = startServer(current, name, ['docker-registry', 'serve', config], env);
  const answers = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ status }) => status === 200 || status === 401,
      () => false,
    );
  await waitFor('the registry', answers, server.gone, 30);
  const stop = (): Promise<void> => stopProcess(server.process);
  return { host: `127.0.0.1:${port}`, port, folder, log: join(current.folder, `${name}.log`), stop };
}
