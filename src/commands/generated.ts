// Generated transactions: by the numbers that were fitted to the model, or as a history of
// customers and terminals. They go to the load source, or into a file.

import { EXIT } from '../base/errors.ts';
import type { Config, Generated } from '../config/schema.ts';
import { generatorFile } from '../daemon/configured-model.ts';
import { historyRecords } from '../load/history.ts';
import type { LoadRecord } from '../load/load-record.ts';
import { cell } from '../load/rows.ts';
import { generateTransactions } from '../load/transactions.ts';
import { openOutFile } from './out-file.ts';

export interface GenerateOptions {
  readonly generate: Generated;
  readonly seed: number;
  readonly customers: number;
  readonly terminals: number;
}

/** The history begins at a fixed day, so that the same seed always gives the same history. */
const HISTORY_START_MS = Date.UTC(2026, 0, 1);

export function generated(config: Config, options: GenerateOptions): Iterator<LoadRecord> {
  const { generate, seed, customers, terminals } = options;
  return generate === 'fitted'
    ? generateTransactions(generatorFile(config), seed)
    : historyRecords({ seed, customers, terminals, startMs: HISTORY_START_MS });
}

/** Writes `count` transactions as CSV. Resolves to the exit code. */
export async function writeGenerated(
  config: Config,
  options: GenerateOptions & { readonly count: number },
  file: string,
): Promise<number> {
  const records = generated(config, options);
  const out = openOutFile(file);
  for (let row = 0; row < options.count; row++) {
    const { value } = records.next().value as LoadRecord;
    if (row === 0) out.write(Object.keys(value).map(cell).join(','));
    out.write(Object.values(value).map(cell).join(','));
  }
  await out.end();
  process.stdout.write(`wrote ${options.count} records to ${file}\n`);
  return EXIT.ok;
}
