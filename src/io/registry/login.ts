import { ReproError } from '../../errors.ts';

export function denied(domain: string, message: string): ReproError {
  const hint = domain === 'docker.io' ? 'run `docker login`' : `run \`docker login ${domain}\``;
  return new ReproError({ code: 'E_REGISTRY_DENIED', message, hint: `${hint}, and check the image's name` });
}

export function basicHeader(
  { username, password }: { username: string; password: string },
  secrets: Set<string>,
): string {
  const value = Buffer.from(`${username}:${password}`).toString('base64');
  secrets.add(password).add(value);
  return `Basic ${value}`;
}
