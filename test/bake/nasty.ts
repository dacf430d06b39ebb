import fc from 'fast-check';
import hcl from 'hcl2-parser';

/** Strings that have what HCL, Dockerfiles, shells and TOML take for more than text. */
export const nasty: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '${',
          '%{',
          '$',
          '%',
          '$$',
          '{',
          '}',
          '"',
          '\\',
          '\n',
          '\r',
          '\t',
          '`',
          "'",
          '#',
          ';',
          '&&',
          '|',
          '<<',
          '~}',
        ],
        ...[
          '\u2028',
          '\u0000',
          '\u007f',
          '\uFEFF',
          '\u202E',
          '${file("/etc/passwd")}',
          '%{ if true }',
          '$(id)',
          '`id`',
        ],
        ...[
          'DOCKERFILE',
          'SCRIPT',
          'LOCK',
          '\nDOCKERFILE\n',
          '\nSCRIPT\n',
          '\nLOCK\n',
          '\nRUN id\n',
          '\n}\ntarget "x" {\n',
        ],
        ...[
          ' ',
          '../',
          '/',
          ':',
          '@',
          '=',
          '-',
          '--',
          ',',
          '*',
          '?',
          '[',
          ']',
          '~',
          'a',
          '0',
          'hello',
          'docker.io/x:y',
        ],
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) =>
    parts
      .join('')
      .normalize('NFC')
      .replace(/[\uE000\uE001]/g, ''),
  );

type Content = Record<string, Record<string, [Record<string, unknown>]>>;

/**
 * The blocks of a bake file. hcl2-parser reads `$${b}` as it reads `${b}`: escapes are taken out first, and what is left
 * would be a live template.
 */
export function readHcl(text: string): Content {
  const masked = text.replaceAll('$${', '\uE000').replaceAll('%%{', '\uE001');
  if (/[$%]\{/.test(masked)) throw new Error(`a live template in ${text}`);
  const [content] = hcl.parseToObject(masked);
  return JSON.parse(JSON.stringify(content).replaceAll('\uE000', '${').replaceAll('\uE001', '%{'));
}
