import { spawn } from 'node:child_process';
import { openSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, say, waitFor } from './run.ts';

/** A process, told apart from a later one with the same id by its start time and the machine's boot. */
export interface Identity {
  pid: number;
  start: string;
}

/** What has to be undone, written down before it is done, so that a later run can clean up after a crash. */
interface State {
  owner: Identity;
  processes: Identity[];
  /** Names of containers of the machine's engine. */
  containers: string[];
  bridges: string[];
  /** Arguments of iptables, the first being the table. */
  rules: string[][];
}

export interface Run {
  folder: string;
  state: State;
}

/** Short: overlayfs has to get the paths of all layers into one page of mount options. */
const PREFIX = 'repro-engine-';

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

export function identity(pid: number): Identity | undefined {
  // proc_pid_stat(5): the name, field 2, may hold anything, so count from its closing bracket; start time is field 22.
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  if (fields === undefined || fields[0] === 'Z') return undefined;
  return { pid, start: `${fields[19]} ${read('/proc/sys/kernel/random/boot_id')?.trim()}` };
}

export const alive = (process: Identity): boolean => identity(process.pid)?.start === process.start;

export function save({ folder, state }: Run): void {
  const file = join(folder, 'state.json');
  writeFileSync(`${file}.new`, JSON.stringify(state, undefined, 2));
  renameSync(`${file}.new`, file);
}

export async function newRun(): Promise<Run> {
  const owner = identity(process.pid);
  if (owner === undefined) throw new Error('/proc is not there');
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const state: State = { owner, processes: [], containers: [], bridges: [], rules: [] };
  save({ folder, state });
  return { folder, state };
}

/** Starts a server that ends with this process (also if that is killed) and writes its output to `NAME.log`. */
export function startServer(
  { folder, state }: Run,
  name: string,
  command: string[],
  env: NodeJS.ProcessEnv,
): { process: Identity; gone: () => string | undefined } {
  const log = join(folder, `${name}.log`);
  const output = openSync(log, 'a');
  // A group of its own: Ctrl-C goes to us alone, and we stop things in order.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command], {
    env,
    detached: true,
    stdio: ['ignore', output, output],
  });
  child.on('error', () => {});
  child.unref();
  const process = child.pid === undefined ? undefined : identity(child.pid);
  if (process === undefined) throw new Error(`${name} did not start`);
  state.processes.push(process);
  save({ folder, state });
  const gone = (): string | undefined =>
    alive(process) ? undefined : (read(log) ?? '').trimEnd().split('\n').slice(-10).join('\n');
  return { process, gone };
}

export async function stopProcess(process: Identity): Promise<void> {
  const send = (signal: NodeJS.Signals): void => {
    try {
      if (alive(process)) globalThis.process.kill(process.pid, signal);
    } catch {
      // It ended in between.
    }
  };
  send('SIGTERM');
  const ended = async (): Promise<boolean> => !alive(process);
  await waitFor('the end of a server', ended, undefined, 20).catch(async () => {
    send('SIGKILL');
    await waitFor('the end of a killed server', ended, undefined, 10);
  });
}

/** Containers that outlived their daemon: their root is in the run's folder, and they have a mount namespace of their own. */
function orphans(folder: string): Identity[] {
  const own = readlinkSync('/proc/self/ns/mnt');
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (readlinkSync(`/proc/${name}/ns/mnt`) === own) return [];
    } catch {
      return [];
    }
    const root = read(`/proc/${name}/mountinfo`)
      ?.split('\n')
      .find((line) => line.split(' ')[4] === '/');
    const found = root?.includes(`${folder}/`) === true ? identity(Number(name)) : undefined;
    return found === undefined ? [] : [found];
  });
}

/** Shims detach from their daemon; their command line names its socket, which is in the run's folder. */
function shims(folder: string): Identity[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const line = read(`/proc/${name}/cmdline`) ?? '';
    const found =
      line.includes('containerd-shim') && line.includes(`${folder}/`) ? identity(Number(name)) : undefined;
    return found === undefined ? [] : [found];
  });
}

/** Ends and undoes all that a run did, last things first. Does nothing a second time. */
export async function endRun(current: Run, env = process.env): Promise<void> {
  const { folder, state } = current;
  for (const name of state.containers.splice(0))
    await run('docker', ['rm', '--force', '--volumes', name]).catch(() => {});
  for (const server of state.processes.splice(0).reverse()) await stopProcess(server);
  for (const left of [...shims(folder), ...orphans(folder)]) await stopProcess(left);
  for (const rule of state.rules.splice(0).reverse()) {
    const [table = 'filter', chain = '', ...rest] = rule;
    await run('iptables', ['-w', '-t', table, '-D', chain, ...rest], env).catch(() => {});
  }
  for (const bridge of state.bridges.splice(0))
    await run('ip', ['link', 'delete', bridge], env).catch(() => {});
  for (const mount of mountsBelow(folder)) await run('umount', ['--lazy', mount], env);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Mount points in a folder, last mounted first (proc_pid_mountinfo(5)). */
function mountsBelow(folder: string): string[] {
  const points = (read('/proc/self/mountinfo') ?? '').split('\n').map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${folder}/`)).reverse();
}

/** Cleans what runs left that could not: those whose owner is no more. */
export async function sweep(env = process.env): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const text = read(join(folder, 'state.json'));
    if (text === undefined) continue;
    const state = JSON.parse(text) as State;
    if (alive(state.owner)) continue;
    say(`cleaning up after a run that broke off (${folder})`);
    await endRun({ folder, state }, env);
  }
}
