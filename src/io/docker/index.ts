import type { Docker, DockerAnswer } from '../../ports.ts';
import { runBake } from './bake.ts';
import { run } from './process.ts';

/** An engine that hangs would have every question wait for ever; buildx itself gives up after 20 seconds. */
const ANSWER_MS = 30_000;

export const docker: Docker = {
  bake: (args, folder = '.') => runBake(args, folder, 'terminal'),
  ask: (args) => ask(args, ANSWER_MS),
  rebuild: async (...args) => (await import('./rebuild.ts')).rebuild(...args),
};

export async function ask(args: readonly string[], limit: number): Promise<DockerAnswer> {
  return run(args, '.', 'pipe', { limit });
}
