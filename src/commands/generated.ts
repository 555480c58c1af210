// Generated records: transactions by the numbers that were fitted to the model, or streams of the
// use cases. They go to the load source, or into a file.

import { EXIT } from '../base/errors.ts';
import type { Config, Generated } from '../config/schema.ts';
import { generatorFile } from '../daemon/configured-model.ts';
import { openOwnRecords } from '../daemon/own-records.ts';
import { formatOf } from '../daemon/record-file.ts';
import { historyRecords } from '../load/history.ts';
import { endless, type LoadRecord, type LoadRecords } from '../load/load-record.ts';
import { rideRecords } from '../load/rides.ts';
import { cell } from '../load/rows.ts';
import { readingRecords } from '../load/sensors.ts';
import { generateTransactions } from '../load/transactions.ts';
import { viewRecords } from '../load/views.ts';
import { showBar } from './live.ts';
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
  switch (generate) {
    case 'fitted':
      return generateTransactions(generatorFile(config), seed);
    case 'transactions':
      return historyRecords({ seed, customers, terminals, startMs: HISTORY_START_MS });
    case 'sensors':
      return readingRecords(seed, HISTORY_START_MS);
    case 'views':
      return viewRecords(seed, HISTORY_START_MS);
    case 'rides':
      return rideRecords(seed, HISTORY_START_MS);
  }
}

/** What the load source of the embedded log sends. Rejects with what is wrong with the file. */
export async function loadFor(config: Config): Promise<LoadRecords> {
  const { kind, file, repeat: repeats, ...more } = config.generate;
  if (file === undefined) return endless(generated(config, { generate: kind, ...more }));
  return openOwnRecords(config, file, { format: formatOf(file), option: 'generate.file', text: [], repeats });
}

const ROWS_AT_ONCE = 500;

/** Writes `count` transactions as CSV. Resolves to the exit code. */
export async function writeGenerated(
  config: Config,
  options: GenerateOptions & { readonly count: number; readonly quiet: boolean },
  file: string,
): Promise<number> {
  const records = generated(config, options);
  const out = openOutFile(file);
  let row = 0;
  const stopBar = showBar(options.quiet, () => ({ done: row, unit: 'records', share: row / options.count }));
  while (row < options.count && !out.hadEnough) {
    const lines: string[] = [];
    for (const until = Math.min(row + ROWS_AT_ONCE, options.count); row < until; row++) {
      const { value } = records.next().value as LoadRecord;
      if (row === 0) lines.push(Object.keys(value).map(cell).join(','));
      lines.push(Object.values(value).map(cell).join(','));
    }
    await out.write(lines);
  }
  stopBar();
  await out.end();
  if (!options.quiet && !out.hadEnough) out.notes.write(`wrote ${options.count} records to ${file}\n`);
  return EXIT.ok;
}
