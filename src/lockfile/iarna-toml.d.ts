/** The reader alone: the package's own entry loads its writer and streams too, and its types cover only that. */
declare module '@iarna/toml/parse-string.js' {
  export default function parse(text: string): Record<string, unknown>;
}
