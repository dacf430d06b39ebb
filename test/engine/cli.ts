import { EngineUnavailable, startEngine } from './engine.ts';

// By hand: `node build/test/engine/cli.js [containerd|classic]` prints lines to eval and runs until Ctrl-C.
const [, , store] = process.argv;
const engine = await startEngine(store === 'classic' || store === 'containerd' ? { store } : {}).catch(
  (error: unknown) => {
    if (!(error instanceof EngineUnavailable)) throw error;
    console.error(error.message);
    process.exit(1);
  },
);
const { PATH, DOCKER_HOST, DOCKER_CONFIG } = engine.env;
const lines = { PATH, DOCKER_HOST, DOCKER_CONFIG, REGISTRY: engine.registry, ENGINE_PID: process.pid };
for (const [name, value] of Object.entries(lines)) {
  if (value !== undefined) console.log(`export ${name}='${value}'`);
}
// Keeps the event loop alive; the signals' handlers end the process.
setInterval(() => {}, 1 << 30);
