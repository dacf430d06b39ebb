import { BlockList, isIP } from 'node:net';
import { ReproError } from '../../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** 127.0.0.0/8, ::1 and localhost: as Docker has it. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
}

/**
 * The proxy for a URL, from HTTP_PROXY, HTTPS_PROXY and NO_PROXY or their lower-case forms, read as Go and so Docker
 * read them: a domain covers its subdomains, NO_PROXY takes CIDR blocks, loopback is never proxied. (The package
 * proxy-from-env covers neither, and sees the process's environment only.)
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = read(env, variable);
  if (value === '' || isLoopback(url) || isExcepted(url, read(env, 'NO_PROXY'))) return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(text)) throw unusable(`the environment's ${variable} is no URL`);
  const proxy = new URL(text);
  if (proxy.protocol === 'http:' || proxy.protocol === 'https:') return proxy;
  throw unusable(
    `the environment's ${variable} has the scheme ${proxy.protocol.slice(0, -1)}, which is not supported`,
  );
}

function read(env: Environment, name: string): string {
  return (env[name] || env[name.toLowerCase()] || '').trim();
}

function unusable(message: string): ReproError {
  return new ReproError({ code: 'E_PROXY', message, hint: 'set it to http://HOST:PORT' });
}

function isExcepted(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return list
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || covers(entry.toLowerCase(), host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  const block = /^([\da-f:.]+)\/(\d+)$/.exec(entry);
  if (block?.[1] !== undefined) return isInBlock(host, block[1], Number(block[2]));
  const parts = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry);
  const [, name = '', entryPort = port] = parts ?? [];
  if (entryPort !== port) return false;
  const domain = name.replace(/^\*?\./, '');
  return (domain === name && host === name) || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

function isInBlock(host: string, network: string, prefix: number): boolean {
  const [version, hostVersion] = [isIP(network), isIP(host)];
  if (version === 0 || hostVersion === 0 || prefix > (version === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, version === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, hostVersion === 4 ? 'ipv4' : 'ipv6');
}
