import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReproError } from '../../errors.ts';
import type { Environment } from './proxy.ts';

export interface Machine {
  env: Environment;
  platform: NodeJS.Platform;
  /** The user's home folder. */
  home: string;
}

/**
 * PEM texts of the CAs to trust for a host beside Node's own: SSL_CERT_FILE, and Docker's certs.d/HOST/*.crt. Empty
 * where there are none. As a list of CAs replaces Node's defaults, NODE_EXTRA_CA_CERTS is read again here.
 */
export async function extraAuthorities(url: URL, machine: Machine): Promise<string[]> {
  const texts: string[] = [];
  for (const folder of folders(url, machine)) {
    for (const name of (await list(folder)).filter((file) => file.endsWith('.crt')).sort()) {
      texts.push(await read(join(folder, name)));
    }
  }
  const named = machine.env['SSL_CERT_FILE'];
  if (named) texts.push(await read(named, 'SSL_CERT_FILE'));
  const nodes = machine.env['NODE_EXTRA_CA_CERTS'];
  // Node warns by itself where this one can't be read.
  if (texts.length > 0 && nodes) texts.push(await readFile(nodes, 'utf8').catch(() => ''));
  return texts.filter((text) => text !== '');
}

function folders(url: URL, { env, platform, home }: Machine): string[] {
  const programData = env['ProgramData'] ?? env['PROGRAMDATA'];
  const system = platform === 'win32' ? programData && join(programData, 'docker') : '/etc/docker';
  const roots = [...(system ? [system] : []), join(home, '.docker')];
  const hosts = new Set([url.host, `${url.hostname}:${url.port || '443'}`]);
  return roots.flatMap((root) =>
    // Docker leaves the colons out where a file name can't have them.
    [...hosts].map((host) => join(root, 'certs.d', platform === 'win32' ? host.replaceAll(':', '') : host)),
  );
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

async function read(path: string, variable?: string): Promise<string> {
  const named = variable === undefined ? '' : `, which ${variable} names`;
  const fail = (message: string, cause: unknown) =>
    new ReproError({ code: 'E_CERTIFICATE', message, hint: 'correct or remove it' }, { cause });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fail(`can't read the CA certificate ${path}${named}`, error);
  }
  const { X509Certificate } = await import('node:crypto');
  try {
    // Node passes over what it can't read when it loads CAs.
    new X509Certificate(text);
    return text;
  } catch (error) {
    throw fail(`the CA certificate ${path}${named} is not valid PEM`, error);
  }
}
