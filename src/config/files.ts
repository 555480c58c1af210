// The files that a configuration names. Each is read before anything begins, so that a wrong path
// is told with its key.

import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { isWholePem } from '../base/pem.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import type { Contradiction } from './contradiction.ts';
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

function wrongCertificates({ kafka, log, http, model }: Config): Contradiction[] {
  const ofKafka = {
    section: 'kafka',
    keys: { authority: 'ssl.ca.location', certificate: 'ssl.certificate.location', key: 'ssl.key.location' },
    password: 'ssl.key.password',
    values: kafka,
  };
  const ofHttp = {
    section: 'http',
    keys: { authority: 'tlsClientAuthority', certificate: 'tlsCertificate', key: 'tlsKey' },
    password: 'tlsKeyPassword',
    values: http,
  };
  const ofSource = {
    section: 'model',
    keys: { authority: 'sourceAuthority' },
    password: null,
    values: model,
  };
  return [
    ...(model.source === undefined ? [] : wrongPems(ofSource)),
    ...(log === 'kafka' && kafka['security.protocol'].endsWith('SSL') ? wrongPems(ofKafka) : []),
    ...(http.listen === 'none' ? [] : wrongPems(ofHttp)),
  ];
}

/** The keys of a section that name PEM files, and that of the password. */
interface PemKeys {
  readonly section: string;
  readonly keys: Readonly<{ authority: string; certificate?: string; key?: string }>;
  readonly password: string | null;
  readonly values: object;
}

/** OpenSSL reads each file as it will be used. */
function wrongPems({ section, keys, password, values }: PemKeys): Contradiction[] {
  const given = (key: string): string | undefined => (values as Record<string, string | undefined>)[key];
  const named = (key: string): string => `${section}.${key}`;
  const texts = new Map<string, string>();
  const problems: Contradiction[] = [];
  for (const key of Object.values(keys)) {
    const file = given(key);
    const found = file === undefined ? '' : readOf(named(key), file);
    if (typeof found !== 'string') problems.push(found);
    else if (file !== undefined) texts.set(key, found);
  }
  if (problems.length > 0) return problems;
  const { authority, certificate = '', key: keyOf = '' } = keys;
  const [ca, cert, key] = [authority, certificate, keyOf].map((each) => texts.get(each));
  const passphrase = password === null ? undefined : given(password);
  const opened = passphrase === undefined ? {} : { passphrase };
  const tried = [
    [authority, 'a PEM file of certificates', ca === undefined ? null : { ca }],
    [certificate, 'a PEM file of a certificate', cert === undefined ? null : { cert }],
    [
      keyOf,
      `a PEM file of a private key that ${named(password ?? '')} opens, if it has a password`,
      key === undefined ? null : { key, ...opened },
    ],
    [
      keyOf,
      `the key of the certificate in ${named(certificate)}`,
      cert === undefined || key === undefined ? null : { cert, key, ...opened },
    ],
  ] as const;
  for (const [name, expected, options] of tried) {
    if (options === null) continue;
    try {
      createSecureContext(options);
    } catch (error) {
      const message = `expected ${expected}; OpenSSL says: ${(error as Error).message}`;
      return [{ key: named(name), message }];
    }
  }
  // OpenSSL takes a file without any certificate for an empty list, and Node one without anything
  // for none.
  for (const [name, expected] of tried) {
    const text = texts.get(name);
    if (text !== undefined && !isWholePem(text))
      return [{ key: named(name), message: `expected ${expected}, found none that is whole in it` }];
  }
  return [];
}

/** The text of a file, or what is wrong with it. */
function readOf(key: string, file: string): string | Contradiction {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return { key, message: `${file}: ${fileTrouble(error, file)}` };
  }
}
