// The peer in Rust on librdkafka. Its source is not part of this repository: a path to it, or to
// the built program, is given to the bench.

import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../../tools/cache.ts';
import { run } from '../../tools/run.ts';
import { mlp } from '../models/mlp.ts';

/**
 * What is changed in its source: the field of the features, and results go where their records came
 * from.
 */
const CHANGES = [
  ['b"v" =>', 'b"v" | b"features" =>'],
  ['.key(m.key().unwrap())', '.partition(m.partition()).key(m.key().unwrap())'],
] as const;

/**
 * Resolves to the program. A folder is copied to the cache, changed for the bench's records and
 * built with cargo. Rejects when there is nothing, or cargo fails.
 */
export async function ensureRustPeer(path: string): Promise<string> {
  if (path === '') throw new Error('no path was given: --rust names its program or its source');
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  if (!statSync(path).isDirectory()) return resolve(path);
  const folder = cacheFolder('rust-peer');
  cpSync(path, folder, { recursive: true });
  const main = join(folder, 'src', 'main.rs');
  let source = readFileSync(main, 'utf8');
  for (const [theirs, ours] of CHANGES) {
    if (source.includes(ours)) continue;
    if (!source.includes(theirs))
      throw new Error(
        `${join(path, 'src', 'main.rs')} has no ${theirs}: it cannot be made to read the bench's records`,
      );
    source = source.replace(theirs, ours);
  }
  writeFileSync(main, source);
  await run('cargo', ['build', '--release', '--quiet'], { cwd: folder });
  return join(folder, 'target', 'release', 'peer');
}

/**
 * Writes the model as the peer reads it, kernels and biases one after the other; returns the folder
 * to name.
 */
export function rustModel(name: string): string {
  const folder = cacheFolder(join('rust-peer-models', name));
  const small = join(folder, 'models', 'small');
  mkdirSync(small, { recursive: true });
  const parts = mlp(name).layers.flatMap(({ kernel, bias }) => [
    Buffer.from(kernel.buffer),
    Buffer.from(bias.buffer),
  ]);
  writeFileSync(join(small, 'w.bin'), Buffer.concat(parts));
  return folder;
}
