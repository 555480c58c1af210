// The certificate of the server. A file that was replaced is taken without a restart: certificates
// are renewed by others, more often than daemons are restarted.

import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import { isWholePem } from '../base/pem.ts';
import { type Cancel, every } from '../time/timer.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly keyPassword?: string | undefined;
  /** Only clients with a certificate of such an authority are answered. */
  readonly clientAuthority?: string | undefined;
}

const LOOK_EVERY_MS = 60_000;

/** Throws errors of the file system, and for a file that is not whole. */
export function readTls({ certificate, key, keyPassword, clientAuthority }: TlsFiles): SecureContextOptions {
  return {
    cert: pemIn(certificate),
    key: pemIn(key),
    minVersion: 'TLSv1.2',
    ...(keyPassword === undefined ? {} : { passphrase: keyPassword }),
    ...(clientAuthority === undefined ? {} : { ca: pemIn(clientAuthority) }),
  };
}

/**
 * Node takes an empty text for one that was not given: no certificate at all, and the authorities
 * of the public web for those of clients.
 */
function pemIn(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (isWholePem(text)) return text;
  throw new Error(
    `${path}: expected a whole PEM file, found ${text === '' ? 'an empty one' : 'a part of one'}`,
  );
}

/**
 * Looks for other files from time to time, and takes them for new connections. Files that cannot be
 * used are told once, and the server goes on with those of before.
 */
export function renewTls(
  server: Server,
  files: TlsFiles,
  onTrouble: (error: Error) => void,
  everyMs = LOOK_EVERY_MS,
): Cancel {
  let before = JSON.stringify(readTls(files));
  let told = '';
  return every(
    everyMs,
    () => {
      try {
        const options = readTls(files);
        const now = JSON.stringify(options);
        if (now !== before) {
          // A certificate that was replaced before its key does not fit it yet.
          createSecureContext(options);
          server.setSecureContext(options);
        }
        [before, told] = [now, ''];
      } catch (error) {
        const { message } = error as Error;
        if (message !== told) onTrouble(error as Error);
        told = message;
      }
    },
    { keepsAlive: false },
  );
}
