// The end of what a child prints, which says why it failed.

import type { ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

/** Returns what gives the last characters of both streams, so far as they are pipes. */
export function lastWords({ stdout, stderr }: ChildProcess, characters = 4_000): () => string {
  let words = '';
  for (const stream of [stdout, stderr]) {
    const decoder = new StringDecoder('utf8');
    stream?.on('data', (bytes: Buffer) => {
      words = (words + decoder.write(bytes)).slice(-characters);
    });
  }
  return () => words;
}
