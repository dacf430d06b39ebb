export default {
  files: ['test/**/*.test.ts', '!test/e2e/**'],
  // A busy machine is slow, not broken.
  timeout: '2m',
  typescript: { rewritePaths: { 'src/': 'build/src/', 'test/': 'build/test/' }, compile: false },
};
