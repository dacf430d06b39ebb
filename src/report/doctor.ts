import type { Finding, Severity } from '../commands/doctor/finding.ts';
import type { DoctorResult } from '../commands/doctor.ts';
import type { Paint, Style } from './paint.ts';

const COLOURS: Readonly<Record<Severity, Style>> = { ok: 'green', warning: 'yellow', error: 'red' };

/** A line for what is well; what is not has its place and its fix below. */
export function doctorText({ findings, errorCount, warningCount }: DoctorResult, paint: Paint): string {
  const lines = findings.flatMap((finding) => findingLines(finding, paint));
  return [...lines, '', verdict(errorCount, warningCount, paint)].map((line) => `${line}\n`).join('');
}

function findingLines({ check, severity, message, code, at, fix }: Finding, paint: Paint): string[] {
  const head = paint(COLOURS[severity], severity.padEnd(9));
  const lines = [
    `${head}${check.padEnd(13)}${message}${code === undefined ? '' : ` ${paint('dim', `[${code}]`)}`}`,
  ];
  const indent = ' '.repeat(22);
  if (at?.line !== undefined || at?.key !== undefined) {
    const place = [at.file, at.line, at.column].filter((part) => part !== undefined).join(':');
    lines.push(`${indent}${paint('dim', 'at:')}  ${place}${at.key === undefined ? '' : ` (${at.key})`}`);
  }
  if (fix !== undefined) lines.push(`${indent}${paint('cyan', 'fix:')} ${fix}`);
  return lines;
}

function verdict(errors: number, warnings: number, paint: Paint): string {
  if (errors + warnings === 0) return paint('green', 'all is well');
  const counted = (count: number, word: string) =>
    count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`];
  return paint(
    errors > 0 ? 'red' : 'yellow',
    [...counted(errors, 'error'), ...counted(warnings, 'warning')].join(', '),
  );
}
