// The index of a model on a server: which versions there are, where their archives are, and which
// labels they have. YAML, and so JSON too.

import { z } from 'zod';
import { checked, documentIn } from '../model/model-files.ts';
import { LABEL_NAME } from '../versions/labels.ts';
import { wanted } from '../written/wanted.ts';
import { getFrom, noAnswer, type SourceAccess, shownUrl } from './get.ts';
import { ModelSourceError } from './source-error.ts';

export interface IndexedVersion {
  /** Of its archive; beside the index where it is relative. */
  readonly url: string;
  readonly sha256: string;
}

export interface SourceIndex {
  readonly versions: ReadonlyMap<string, IndexedVersion>;
  readonly labels: ReadonlyMap<string, string>;
}

const version = z.union([z.string().min(1), z.int().positive().transform(String)]);
const schema = z.strictObject({
  versions: z.record(
    z.string().regex(/^[A-Za-z0-9_][\w.-]{0,127}$/, { error: 'expected a version that can name a folder' }),
    z.strictObject({
      url: z.string().min(1),
      sha256: z
        .string()
        .regex(/^[0-9a-fA-F]{64}$/, { error: 'expected 64 digits of hexadecimal' })
        .transform((digits) => digits.toLowerCase()),
    }),
  ),
  labels: z
    .record(
      z.string().regex(LABEL_NAME, { error: 'expected a label of small letters, digits and hyphens' }),
      version,
    )
    .default({}),
});

/** `shown`: what the index is called in errors. Throws `ModelError`, with the place in it. */
export function indexIn(text: string, shown: string): SourceIndex {
  const document = documentIn(shown, text);
  const { versions, labels } = checked(shown, () => document, schema, wanted(document, schema));
  return { versions: new Map(Object.entries(versions)), labels: new Map(Object.entries(labels)) };
}

const INDEX_BYTES_MAX = 2 ** 20;

/** Asks for it again and again; a server that knows its ETag sends it only when it has changed. */
export class IndexReader {
  readonly #url: URL;
  #headers: Record<string, string> = {};
  #index: SourceIndex | null = null;

  constructor(url: URL) {
    this.#url = url;
  }

  /** Rejects with `ModelSourceError`, and with `ModelError` for one that cannot be read. */
  async read(access: SourceAccess): Promise<SourceIndex> {
    const { answer, url } = await getFrom(this.#url, access, this.#headers);
    if (answer.statusCode === 304 && this.#index !== null) {
      answer.resume();
      return this.#index;
    }
    const index = indexIn(await textOf(answer, url, access.signal), shownUrl(this.#url));
    const { etag, 'last-modified': modified } = answer.headers;
    this.#headers = {
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(etag === undefined && modified !== undefined ? { 'if-modified-since': modified } : {}),
    };
    this.#index = index;
    return index;
  }
}

async function textOf(answer: AsyncIterable<Buffer>, url: URL, signal: AbortSignal): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer) {
      bytes += piece.length;
      if (bytes > INDEX_BYTES_MAX) break;
      pieces.push(piece);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw noAnswer(url, error);
  }
  if (bytes <= INDEX_BYTES_MAX) return Buffer.concat(pieces).toString();
  throw new ModelSourceError(
    `${shownUrl(url)}: expected an index of at most ${INDEX_BYTES_MAX} bytes, found more`,
    {
      isTransient: false,
    },
  );
}

/** Of an archive. Throws `ModelSourceError` for an address that is less safe than the index's. */
export function archiveUrl(index: URL, { url }: IndexedVersion): URL {
  const found = URL.canParse(url, index.href) ? new URL(url, index.href) : null;
  const isSafe =
    found !== null &&
    /^https?:$/.test(found.protocol) &&
    found.username === '' &&
    !(index.protocol === 'https:' && found.protocol === 'http:');
  if (isSafe) return found;
  throw new ModelSourceError(
    `${shownUrl(index)}: expected an address of an archive without a login, and https where the index is, found another one`,
    { isTransient: false },
  );
}
