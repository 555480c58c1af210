// `scorelane models fetch`: an archive of a server becomes a version of the model repository, whole
// or not at all.

import { relative, sep } from 'node:path';
import { EXIT } from '../base/errors.ts';
import type { Downloaded } from '../fetching/download.ts';
import { fetchVersion } from '../fetching/fetch-version.ts';
import { signalAfter } from '../time/timer.ts';
import { readTextFile } from '../written/file-trouble.ts';
import { amountIn, SIZES } from '../written/quantity.ts';
import { showBar } from './live.ts';
import { withRepository } from './models-options.ts';
import { argument, durationArgument, type Register } from './options.ts';
import { note, say } from './say.ts';

const TOKEN_OF_SOURCE = 'SCORELANE_MODEL_SOURCE_TOKEN';

interface Flags {
  readonly repository: string;
  readonly sha256: string;
  readonly name?: string;
  readonly version?: string;
  readonly tokenFile?: string;
  readonly authority?: string;
  readonly maxBytes?: number;
  readonly timeout?: number;
  readonly quiet: boolean;
}

async function fetchModel(url: URL, flags: Flags): Promise<number> {
  const {
    repository,
    sha256,
    name,
    version,
    tokenFile,
    authority,
    maxBytes = 2 ** 32,
    timeout = 600_000,
    quiet,
  } = flags;
  const token = (tokenFile === undefined ? process.env[TOKEN_OF_SOURCE] : readTextFile(tokenFile))?.trim();
  let so: Downloaded = { bytes: 0, of: null };
  const endBar = showBar(quiet, () => ({
    ...{ done: so.bytes, unit: 'bytes', share: so.of === null ? null : so.bytes / so.of },
  }));
  try {
    const fetched = await fetchVersion(
      { url, sha256, repository, name, version },
      {
        token: token === '' ? undefined : token,
        authority: authority === undefined ? undefined : readTextFile(authority),
        signal: signalAfter(timeout),
        bytesMax: maxBytes,
        onProgress: (downloaded) => {
          so = downloaded;
        },
        onAgain: ({ message }) => note(`${message}; trying again`),
      },
    );
    const { folder } = fetched;
    const shown = folder.startsWith(`${process.cwd()}${sep}`) ? relative('', folder) : folder;
    const model = `${fetched.name} version ${fetched.version}`;
    say(
      fetched.isNew
        ? `written  ${model}: ${shown}`
        : `${model} is there already, from the same archive: ${shown}`,
    );
    return EXIT.ok;
  } finally {
    endBar();
  }
}

const urlArgument = argument((text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}, `an address that begins with https:// or http://, without a login in it (--token-file, ${TOKEN_OF_SOURCE})`);
const shaArgument = argument(
  (text) => (/^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined),
  'the SHA-256 of the archive: 64 digits of hexadecimal, as sha256sum prints them',
);
const sizeArgument = argument((text) => {
  const bytes = amountIn(SIZES, text);
  return bytes > 0 ? bytes : undefined;
}, SIZES.such);

export const registerFetch: Register = (models, finish) => {
  withRepository(
    models
      .command('fetch')
      .description('download a tar archive, compare it with its checksum, and add it as a version')
      .argument('<url>', 'of a .tar.gz or .tar with model.yaml at its top, or in one folder', urlArgument)
      .requiredOption('--sha256 <hex>', 'the checksum of the archive', shaArgument)
      .option('--name <name>', 'refuse another model than this')
      .option('--version <version>', 'refuse another version than this')
      .option(
        '--token-file <file>',
        `a bearer token, or with a space the whole value of Authorization; else ${TOKEN_OF_SOURCE}`,
      )
      .option('--authority <file>', 'PEM file of the authorities that are trusted for https')
      .option(
        '--max-bytes <size>',
        'the largest archive, packed and unpacked; 4GiB unless given',
        sizeArgument,
      )
      .option('--timeout <duration>', 'how long all of it may take; 10m unless given', durationArgument)
      .option('--quiet', 'show no progress', false),
  ).action(async (url: URL, flags: Flags) => {
    finish(await fetchModel(url, flags));
  });
};
