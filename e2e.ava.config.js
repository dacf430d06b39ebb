/** The longest first, so that none is left alone at the end. */
const first = ['rpm', 'containerd', 'families', 'classic'];
const rank = (file) => first.findIndex((name) => file.endsWith(`${name}.test.ts`)) >>> 0;

export default {
  files: ['test/e2e/*.test.ts'],
  sortTestFiles: (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
  typescript: { rewritePaths: { 'src/': 'build/src/', 'test/': 'build/test/' }, compile: false },
  timeout: '10m',
  concurrency: 3,
  workerThreads: false,
};
