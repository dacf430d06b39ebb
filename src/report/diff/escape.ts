import { visible } from '../../errors.ts';

const LONGEST = 100;

/**
 * Text from outside as code in GitHub's and GitLab's Markdown, also within a table: nothing in it is markup, a link, a
 * mention of a person or an issue.
 */
export function code(text: string): string {
  const short = visible(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
  // A code span takes anything but these: a backtick ends it, a pipe ends the cell, spaces at its ends are dropped.
  if (/^[^\s`|\\](?:[^`|\\]*[^\s`|\\])?$/.test(short)) return `\`${short}\``;
  const escaped = short.replace(/[^A-Za-z0-9 ]/gu, (char) => `&#${char.codePointAt(0)};`);
  return `<code>${escaped}</code>`;
}
