import { getSystemErrorMap, styleText } from 'node:util';
import { ReproError } from '../errors.ts';
import type { Paint, Style } from '../report/paint.ts';

type Output = NodeJS.WriteStream;

/** Colours where the stream is a terminal; NO_COLOR, FORCE_COLOR and NODE_DISABLE_COLORS are honoured. */
export function paintFor(stream: Output): Paint {
  return (style: Style, text: string) => styleText(style, text, { stream });
}

export interface Progress {
  /** Bytes so far, of `total` where that is known. */
  show(label: string, done: number, total?: number): void;
  /** Takes the line away. */
  clear(): void;
}

const INTERVAL = 100;

/** One line that is written over; nothing where the stream is no terminal. */
export function createProgress(stream: Output): Progress {
  let last = 0;
  let visible = false;
  return {
    show(label, done, total) {
      const now = Date.now();
      if (!stream.isTTY || now - last < INTERVAL) return;
      last = now;
      visible = true;
      const amount = total === undefined ? megabytes(done) : `${megabytes(done)} of ${megabytes(total)}`;
      const room = (stream.columns || 80) - amount.length - 3;
      stream.write(`\r\u001b[K${label.slice(0, Math.max(room, 0))}: ${amount}`);
    },
    clear() {
      if (visible) stream.write('\r\u001b[K');
      visible = false;
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Writes all of it; returns what kept it from that. A reader that went away (`| head`) is no error. */
export async function print(stream: Output, text: string): Promise<ReproError | undefined> {
  if (text === '') return undefined;
  const cause = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
    stream.write(text, resolve);
  });
  if (cause == null || cause.code === 'EPIPE') return undefined;
  const [, reason = cause.code] = getSystemErrorMap().get(cause.errno ?? 0) ?? [];
  return new ReproError({ code: 'E_WRITE', message: `can't write the output: ${reason}` }, { cause });
}
