import { readFile, writeFile } from 'node:fs/promises';
import { run } from './run.ts';
import { type Run, save } from './runs.ts';

/** The third bytes of the networks 10.213.N.0/24 that no route names (proc_net(5): little-endian hexadecimal). */
async function freeNetworks(): Promise<number[]> {
  const routes = await readFile('/proc/net/route', 'utf8');
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0').toUpperCase();
  const all = Array.from({ length: 254 }, (_, index) => index + 1);
  return all.filter((third) => !routes.includes(`\t00${hex(third)}D50A\t`));
}

/**
 * A bridge with a way out. The daemon's own iptables code is left off: a second daemon would flush the first one's
 * chains, and it leaves its rules behind; these three are written down and taken away at the end.
 */
export async function makeBridge(current: Run, env: NodeJS.ProcessEnv): Promise<string> {
  for (const third of await freeNetworks()) {
    const bridge = `repro${third}`;
    // Another run may take the name between our look and our step.
    try {
      await run('ip', ['link', 'add', bridge, 'type', 'bridge'], env);
    } catch (error) {
      if (/exists/.test(`${error}`)) continue;
      throw error;
    }
    current.state.bridges.push(bridge);
    save(current);
    const network = `10.213.${third}.0/24`;
    await run('ip', ['address', 'add', `10.213.${third}.1/24`, 'dev', bridge], env);
    await run('ip', ['link', 'set', bridge, 'up'], env);
    for (const rule of [
      ['nat', 'POSTROUTING', '-s', network, '!', '-o', bridge, '-j', 'MASQUERADE'],
      ['filter', 'FORWARD', '-i', bridge, '-j', 'ACCEPT'],
      ['filter', 'FORWARD', '-o', bridge, '-j', 'ACCEPT'],
    ]) {
      const [table = '', chain = '', ...rest] = rule;
      current.state.rules.push(rule);
      save(current);
      await run('iptables', ['-w', '-t', table, '-I', chain, ...rest], env);
    }
    const forward = '/proc/sys/net/ipv4/ip_forward';
    if ((await readFile(forward, 'utf8')).trim() !== '1') await writeFile(forward, '1');
    return bridge;
  }
  throw new Error('no free network for a bridge');
}
