import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import tar from 'tar-stream';
import type { Project } from './project.ts';

/** All files of an image, a line each: path, type, mode, owner, size, hash or target. Without times. */
export async function imageTree(project: Project, image: string): Promise<string[]> {
  const created = (await project.docker('create', image, 'true')).stdout.trim();
  const lines: string[] = [];
  try {
    const child = spawn('docker', ['export', created], {
      env: { ...process.env, ...project.engine.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const entry of child.stdout.pipe(tar.extract())) {
      const hash = createHash('sha256');
      for await (const chunk of entry) hash.update(chunk as Buffer);
      const { name, type, mode = 0, uid, gid, size, linkname } = entry.header;
      // What the container runtime puts there.
      if (/^(\.dockerenv|dev\/|proc\/|sys\/|etc\/(hosts|hostname|resolv\.conf|mtab)$)/.test(name)) continue;
      const content = type === 'file' ? `${size} ${hash.digest('hex')}` : (linkname ?? '');
      lines.push(`${name} ${type} ${mode.toString(8)} ${uid}:${gid} ${content}`);
    }
  } finally {
    await project.docker('rm', created);
  }
  return lines.sort();
}
