/** A value of a bake attribute. A heredoc is text that people read: written as lines, not as one string. */
export type Value = string | boolean | readonly string[] | ReadonlyMap<string, string> | { heredoc: string };

export interface Block {
  comment?: string;
  type: 'group' | 'target';
  name: string;
  attributes: Record<string, Value | undefined>;
}

/** HCL native syntax as buildx reads it (github.com/hashicorp/hcl, hclsyntax/spec.md). */
export function formatHcl(header: string, blocks: readonly Block[]): string {
  return [comment(header), ...blocks.map(formatBlock)].join('\n');
}

function formatBlock({ comment: text, type, name, attributes }: Block): string {
  const lines = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${key} = ${format(value)}`],
  );
  return `${text === undefined ? '' : comment(text)}${type} ${quote(name)} {\n${lines.join('\n')}\n}\n`;
}

function comment(text: string): string {
  return text
    .split('\n')
    .map((line) => `${`# ${line}`.trimEnd()}\n`)
    .join('');
}

function format(value: Value): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return String(value);
  if ('heredoc' in value) return heredoc(value.heredoc);
  if ('get' in value) {
    return multiline(
      '{',
      [...value].map(([key, item]) => `${quote(key)} = ${quote(item)}`),
      '}',
    );
  }
  if (value.length < 2) return `[${value.map(quote).join('')}]`;
  return multiline(
    '[',
    value.map((item) => `${quote(item)},`),
    ']',
  );
}

function multiline(open: string, items: readonly string[], close: string): string {
  return `${open}\n${items.map((item) => `    ${item}\n`).join('')}  ${close}`;
}

/** A quoted template without templates in it (spec.md, "Quoted Templates"). */
export function quote(text: string): string {
  const escaped = text.replace(/[\\"\p{Cc}\p{Zl}\p{Zp}\uFEFF]/gu, (char) => {
    const short = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' }[char];
    return short ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escapeTemplate(escaped)}"`;
}

/**
 * A heredoc template (spec.md, "Heredoc"). It ends at the first line that is the terminator, however that line is
 * indented; a lone carriage return can't stand in it.
 */
function heredoc(text: string): string {
  if (/\r(?!\n)/.test(text)) return quote(text);
  const lines = text.replace(/\n$/, '').split('\n');
  let terminator = 'DOCKERFILE';
  while (lines.some((line) => line.trim() === terminator)) terminator += '_';
  return `<<${terminator}\n${escapeTemplate(lines.join('\n'))}\n${terminator}`;
}

/** `${` and `%{` would open an interpolation or a directive. A function as replacement: in a string `$$` means `$`. */
function escapeTemplate(text: string): string {
  return text.replace(/[$%](?=\{)/g, (char) => char + char);
}
