/** `jq=1.7-1` -> `jq`; `jq:i386` is a package of its own. Paths and groups (`/usr/bin/jq`, `@core`) are names as a whole. */
export function requestName(request: string): string {
  return /^[/@]/.test(request) ? request : (/^[^=<>~@/]+/.exec(request)?.[0] ?? request);
}
