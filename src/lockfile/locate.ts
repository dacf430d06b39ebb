import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';

export interface Place {
  line: number;
  column: number;
}
type Path = readonly (string | number)[];

/**
 * Where a key path stands in a TOML text: its value (a table: its header), or the key itself. Of a path that is
 * not there, the nearest above it.
 */
export function placesOf(text: string): (path: Path, onKey: boolean) => Place {
  const values = new Map<string, Place>();
  const keys = new Map<string, Place>();
  const set = (places: Map<string, Place>, path: Path, node: AST.TOMLNode) => {
    const id = JSON.stringify(path);
    if (!places.has(id)) places.set(id, placeOf(node.loc.start));
  };
  const walk = (path: Path, node: AST.TOMLContentNode) => {
    set(values, path, node);
    if (node.type === 'TOMLArray') node.elements.forEach((item, index) => void walk([...path, index], item));
    if (node.type === 'TOMLInlineTable') for (const entry of node.body) walkEntry(path, entry);
  };
  const walkEntry = (path: Path, { key, value }: AST.TOMLKeyValue) => {
    const parts = key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
    for (let length = 1; length < parts.length; length++)
      set(values, [...path, ...parts.slice(0, length)], key);
    set(keys, [...path, ...parts], key);
    walk([...path, ...parts], value);
  };
  try {
    for (const node of parseTOML(text, { tomlVersion: '1.0' }).body[0].body) {
      if (node.type === 'TOMLKeyValue') walkEntry([], node);
      else {
        const path = node.resolvedKey;
        for (let length = 1; length <= path.length; length++) set(values, path.slice(0, length), node.key);
        for (const entry of node.body) walkEntry(path, entry);
      }
    }
  } catch {
    // The two readers disagree, or the nesting is too deep: then only the key is told.
  }
  return (path, onKey) => {
    const exact = onKey ? keys.get(JSON.stringify(path)) : undefined;
    if (exact !== undefined) return exact;
    for (let length = path.length; length > 0; length--) {
      const place = values.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return { line: 1, column: 1 };
  };
}

/** What is wrong with a text as TOML, and where; undefined where this reader takes it. */
export function syntaxProblem(text: string): (Place & { message: string }) | undefined {
  try {
    parseTOML(text, { tomlVersion: '1.0' });
    return undefined;
  } catch (error) {
    if (!(error instanceof ParseError)) return undefined;
    const { message, lineNumber, column } = error;
    return {
      message: message.charAt(0).toLowerCase() + message.slice(1),
      ...placeOf({ line: lineNumber, column }),
    };
  }
}

function placeOf({ line, column }: Place): Place {
  return { line, column: column + 1 };
}
