/** One word of a POSIX shell command (XCU 2.2.2): bare where that is the same, single-quoted otherwise. */
export function shellWord(text: string): string {
  return /^[\w.:=+/@%,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
