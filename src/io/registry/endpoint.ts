import { isLoopback } from './proxy.ts';

export interface Endpoints {
  /** Where the registry of a reference's domain answers, e.g. `https://registry-1.docker.io`. */
  base(domain: string): URL;
  /** Whether plain HTTP is right for a host: loopback, or named by the user. */
  isInsecure(url: URL): boolean;
  /** After a failed first request over plain HTTP: true where the host speaks TLS, and `base` has changed. */
  switchToTls(domain: string): Promise<boolean>;
}

/**
 * Loopback registries and those that the user names get plain HTTP at once; only when the first request fails in a
 * way that a TLS server would make it fail, a handshake is tried. (Docker does it the other way round, for the price of
 * a failed handshake each time.) The certificate is checked then as always.
 */
export function createEndpoints(insecure: readonly string[], handshakeMs: number): Endpoints {
  const named = new Set(insecure.map((host) => host.trim().toLowerCase()));
  const tls = new Map<string, Promise<boolean>>();
  const switched = new Set<string>();
  const isInsecure = (url: URL) => isLoopback(url) || named.has(url.host.toLowerCase());
  return {
    isInsecure,
    base(domain) {
      if (domain === 'docker.io') return new URL('https://registry-1.docker.io');
      const plain = new URL(`http://${domain}`);
      const isPlain = !switched.has(domain) && (isInsecure(plain) || named.has(domain.toLowerCase()));
      return isPlain ? plain : new URL(`https://${domain}`);
    },
    async switchToTls(domain) {
      const answer = tls.get(domain) ?? speaksTls(new URL(`https://${domain}`), handshakeMs);
      tls.set(domain, answer);
      if (await answer) switched.add(domain);
      return answer;
    },
  };
}

async function speaksTls(url: URL, ms: number): Promise<boolean> {
  const { connect } = await import('node:tls');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    // Nothing is sent over this connection: whether the certificate is good is for the real request to say.
    const socket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false, timeout: ms });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('secureConnect', () => done(true));
    socket.once('timeout', () => done(false));
    socket.on('error', () => done(false));
  });
}
