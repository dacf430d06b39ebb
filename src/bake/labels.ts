/** Labels of the cache image: what it was collected for. `repro lock` compares them with the lockfile. */
export const labels = {
  inputs: 'repro.inputs',
  base: 'repro.base',
  packages: 'repro.packages',
} as const;
