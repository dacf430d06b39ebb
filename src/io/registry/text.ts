/**
 * A text from the other side, fit for a terminal and a log: one line, no control or direction characters, at most
 * 200 characters, and without any of `secrets`, which a server may echo.
 */
export function clean(text: string, secrets: Iterable<string> = []): string {
  let line = text;
  for (const secret of secrets) {
    if (secret !== '') line = line.replaceAll(secret, '***');
  }
  line = line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
