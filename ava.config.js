export default {
  files: ['test/**/*.test.ts', '!test/e2e/**'],
  typescript: { rewritePaths: { 'src/': 'build/src/', 'test/': 'build/test/' }, compile: false },
};
