// The files that a configuration names. Each is read before anything begins, so that a wrong path
// is told with its key.

import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { fileTrouble } from '../written/file-trouble.ts';
import type { Contradiction } from './rules.ts';
import type { Config } from './schema.ts';

/** What is wrong with the files that are used, whatever the command. */
export function wrongFiles(config: Config): Contradiction[] {
  const { input } = config;
  const schemas =
    input.format === 'avro'
      ? [
          ...(input.schema === undefined ? [] : [['input.schema', input.schema] as const]),
          ...input.writers.map((file) => ['input.writers', file] as const),
        ]
      : [];
  const unreadable = schemas.flatMap(([key, file]) => {
    const found = readOf(key, file);
    return typeof found === 'string' ? [] : [found];
  });
  return [...unreadable, ...wrongCertificates(config)];
}

/** OpenSSL reads each as it will be used. */
function wrongCertificates({ kafka, log }: Config): Contradiction[] {
  if (log !== 'kafka' || !kafka['security.protocol'].endsWith('SSL')) return [];
  const files = new Map<string, string>();
  const problems: Contradiction[] = [];
  for (const key of ['ssl.ca.location', 'ssl.certificate.location', 'ssl.key.location'] as const) {
    const file = kafka[key];
    const found = file === undefined ? '' : readOf(`kafka.${key}`, file);
    if (typeof found !== 'string') problems.push(found);
    else if (file !== undefined) files.set(key, found);
  }
  if (problems.length > 0) return problems;
  const [ca, cert, key] = ['ssl.ca.location', 'ssl.certificate.location', 'ssl.key.location'].map((each) =>
    files.get(each),
  );
  const passphrase = kafka['ssl.key.password'];
  const tried = [
    ['kafka.ssl.ca.location', 'a PEM file of certificates', ca === undefined ? null : { ca }],
    ['kafka.ssl.certificate.location', 'a PEM file of a certificate', cert === undefined ? null : { cert }],
    [
      'kafka.ssl.key.location',
      'a PEM file of a private key that kafka.ssl.key.password opens, if it has a password',
      key === undefined ? null : { key, ...(passphrase === undefined ? {} : { passphrase }) },
    ],
    [
      'kafka.ssl.key.location',
      'the key of the certificate in kafka.ssl.certificate.location',
      cert === undefined || key === undefined
        ? null
        : { cert, key, ...(passphrase === undefined ? {} : { passphrase }) },
    ],
  ] as const;
  for (const [name, expected, options] of tried) {
    if (options === null) continue;
    try {
      createSecureContext(options);
    } catch (error) {
      const message = `expected ${expected}; OpenSSL says: ${(error as Error).message}`;
      return [{ key: name, message }];
    }
  }
  // OpenSSL takes a file without any certificate for an empty list.
  if (ca === undefined || ca.includes('-----BEGIN ')) return [];
  return [{ key: 'kafka.ssl.ca.location', message: 'expected a PEM file of certificates, found none in it' }];
}

/** The text of a file, or what is wrong with it. */
function readOf(key: string, file: string): string | Contradiction {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return { key, message: `${file}: ${fileTrouble(error, file)}` };
  }
}
