export default {
  files: ['test/e2e/*.test.ts'],
  typescript: { rewritePaths: { 'src/': 'build/src/', 'test/': 'build/test/' }, compile: false },
  timeout: '10m',
  concurrency: 3,
  workerThreads: false,
};
