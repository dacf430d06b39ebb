import type { Rebuild } from '../commands/rebuild.ts';
import type { VerifyResult } from '../commands/verify.ts';
import { shortDigest } from '../image-ref.ts';
import type { Paint } from './paint.ts';

export function verifyText(result: VerifyResult, paint: Paint): string {
  const { file, base, cache, platforms, upstream = [], rebuilt, statement } = result;
  const lines = [
    `${file} ${paint('green', 'is proved')}`,
    `  base      ${base.image} ${paint('dim', shortDigest(base.digest))} is in its registry`,
    `  cache     ${cache.image} ${paint('dim', shortDigest(cache.digest))} is in its registry, collected for these packages on this base`,
    ...platforms.map(
      ({ name, packages, bytes }) =>
        `  packages  ${name}: ${packages} (${bytes} bytes), each with the locked SHA-256, and nothing else`,
    ),
    `  read      ${cache.layers} layers, ${cache.bytes} bytes`,
    ...upstream.map(
      ({ name, confirmed, gone }) =>
        `  upstream  ${name}: the distro has ${confirmed} of ${confirmed + gone.length} today, each with the locked SHA-256`,
    ),
    ...(rebuilt === undefined ? [] : [rebuiltLine(rebuilt)]),
    ...(cache.kept === undefined ? [] : [`  kept      ${cache.kept}`]),
    ...(statement === undefined ? [] : [`  statement ${statement}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function rebuiltLine({ target, image, digest, same }: Rebuild): string {
  const how = {
    manifest: 'is the same to the last byte',
    config: 'is the same image; its layers are packed in another way',
    files: 'has the same files and settings; what it says of its build is another',
  };
  return `  rebuilt   ${target} from scratch: ${image} ${shortDigest(digest)} ${how[same]}`;
}
