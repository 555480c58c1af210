// The end of what a child prints, which says why it failed.

import type { ChildProcess } from 'node:child_process';

/** Returns what gives the last characters of both streams, so far as they are pipes. */
export function lastWords({ stdout, stderr }: ChildProcess, characters = 4_000): () => string {
  let words = '';
  for (const stream of [stdout, stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-characters);
    });
  return () => words;
}
