// A file from a server, in a file here: no byte more than is allowed, and exactly the bytes that
// the checksum says.

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ModelError } from '../model/model-error.ts';
import { pause } from '../time/timer.ts';
import { type Got, getFrom, noAnswer, type SourceAccess, shownUrl } from './get.ts';
import { ModelSourceError } from './source-error.ts';

/** How far a download is: bytes, and of how many; null where the server does not say. */
export interface Downloaded {
  readonly bytes: number;
  readonly of: number | null;
}

export interface DownloadOptions extends SourceAccess {
  readonly bytesMax: number;
  readonly onProgress?: ((downloaded: Downloaded) => void) | undefined;
  /** It failed, and is tried again. */
  readonly onAgain?: ((error: ModelSourceError) => void) | undefined;
  /** Between the first two tries; then twice as long, and so on. */
  readonly againMs?: number | undefined;
}

const TRIES = 4;
const AGAIN_MS = 1_000;

/**
 * Rejects with `ModelSourceError` where the server does not give it, with `ModelError` where it
 * gives something else, and with the reason of the signal.
 */
export async function download(
  url: URL,
  sha256: string,
  file: string,
  options: DownloadOptions,
): Promise<void> {
  const { signal, onAgain, againMs = AGAIN_MS } = options;
  for (let tries = 1; ; tries++) {
    try {
      return await downloadOnce(url, sha256, file, options);
    } catch (error) {
      if (!(error instanceof ModelSourceError && error.isTransient) || tries === TRIES) throw error;
      onAgain?.(error);
      await pause(againMs * 2 ** (tries - 1));
      signal.throwIfAborted();
    }
  }
}

async function downloadOnce(url: URL, sha256: string, file: string, options: DownloadOptions): Promise<void> {
  const { signal, bytesMax, onProgress } = options;
  const got = await getFrom(url, options);
  const { answer } = got;
  const told = answer.headers['content-length'];
  const of = told === undefined ? null : Number(told);
  const hash = createHash('sha256');
  let bytes = 0;
  let head: Buffer | undefined;
  const draft = await open(file, 'w');
  try {
    if ((of ?? 0) > bytesMax) throw tooLarge(url, bytesMax);
    for await (const piece of bodyOf(got, signal)) {
      bytes += piece.length;
      if (bytes > bytesMax) throw tooLarge(url, bytesMax);
      head ??= piece;
      hash.update(piece);
      await draft.writeFile(piece);
      onProgress?.({ bytes, of });
    }
  } finally {
    answer.destroy();
    await draft.close();
  }
  const found = hash.digest('hex');
  if (found !== sha256)
    throw new ModelError(
      `${shownUrl(url)}: expected the SHA-256 ${sha256}, found ${found} of ${bytes} bytes` +
        looksLike(head, answer.headers['content-type']),
    );
}

async function* bodyOf({ answer, url }: Got, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* answer as AsyncIterable<Buffer>;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw noAnswer(url, error);
  }
}

const tooLarge = (url: URL, bytesMax: number): ModelError =>
  new ModelError(
    `${shownUrl(url)}: expected at most ${bytesMax} bytes, found more (model.sourceBytes, --max-bytes)`,
  );

/** A login page, or that of a proxy, is what mostly comes in place of a file. */
function looksLike(head: Buffer | undefined, type = ''): string {
  const isPage =
    type.startsWith('text/html') || /^\s*<(?:!doctype|html)/i.test(head?.toString('latin1') ?? '');
  return isPage ? ', which are a page of HTML: does a login or a proxy stand before the server?' : '';
}
