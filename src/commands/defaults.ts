/* A leaf: the command line needs these before it is known which command, and so which modules, will run. */

export const DEFAULT_LOCKFILE = 'repro.lock';
export const DEFAULT_BAKE_FILE = 'docker-bake.hcl';
