import type { Package } from '../model.ts';

const BLOCK = /^packages = \[\n((?: {2}\{ .* \},\n)+)\]$/gm;
const LINE =
  /^ {2}\{ name = "([^"\\]*)", version = "([^"\\]*)", arch = "([^"\\]*)", sha256 = "([^"\\]*)", size = (\d{1,16})(?:, source = "([^"\\]*)")? \},$/;

/**
 * The content of a text that has its package lines as `serializeLockfile` writes them: ten times as fast as a TOML
 * reader on a thousand packages. A guess, that holds only where the result, serialized, is the text again.
 */
export function readCanonicalLines(
  text: string,
  readToml: (text: string) => Record<string, unknown>,
): unknown {
  const blocks: string[] = [];
  const frame = text.replace(BLOCK, (_, lines: string) => `packages = [${blocks.push(lines) - 1}]`);
  if (blocks.length === 0) return undefined;
  const root = readToml(frame);
  const platforms: unknown = root['platform'];
  if (!Array.isArray(platforms)) return undefined;
  for (const platform of platforms) {
    const index: unknown = platform?.packages?.[0];
    if (typeof index !== 'number') continue;
    const packages = readLines(blocks[index] ?? '');
    if (packages === undefined) return undefined;
    platform.packages = packages;
  }
  return root;
}

function readLines(block: string): Package[] | undefined {
  const packages: Package[] = [];
  for (const line of block.split('\n').slice(0, -1)) {
    const [, name, version, arch, sha256, size, source] = LINE.exec(line) ?? [];
    if (name === undefined || version === undefined || arch === undefined || sha256 === undefined)
      return undefined;
    packages.push({
      name,
      version,
      arch,
      sha256,
      size: Number(size),
      ...(source !== undefined && { source }),
    });
  }
  return packages;
}
