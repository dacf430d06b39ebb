import { appendFile } from 'node:fs/promises';

/** What a suite has measured, for the table of docs/figures.md (test/bench/figures.ts). */
export interface Figures {
  name: string;
  /** Of the package manager. */
  version: string;
  packages: number;
  packageBytes: number;
  /** Bytes that a registry keeps for the cache, manifest and configuration included. */
  cacheBytes: number;
  /** Digests of two builds from scratch. */
  cacheDigests: string[];
  appDigests: string[];
  /** Files of the app, and the paths among them that differ from an online installation. */
  files?: number;
  differ?: string[];
}

/** Adds a line of JSON to the file that REPRO_FIGURES names, if any. */
export async function figure(figures: Figures): Promise<void> {
  const file = process.env['REPRO_FIGURES'];
  if (file !== undefined) await appendFile(file, `${JSON.stringify(figures)}\n`);
}
