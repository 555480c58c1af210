// Generates card transactions from numbers that were fitted to real transactions: one Gaussian for
// genuine and one for fraudulent transactions, each with its own mean and covariance (as a Cholesky
// factor) over the fields of the model.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { LoadRecord } from './load-record.ts';
import { Random } from './random.ts';

const classSchema = z.strictObject({ mean: z.array(z.number()), cholesky: z.array(z.array(z.number())) });
const fitSchema = z.strictObject({
  about: z.string(),
  fields: z.array(z.string()),
  log1p: z.array(z.string()),
  fraudRate: z.number(),
  classes: z.strictObject({ genuine: classSchema, fraud: classSchema }),
});

const CARDS = 10_000;
const DECIMALS = 1e4;

/** An endless stream of transactions; `file` is a model's generator.json. */
export function* generateTransactions(file: string, seed: number): Generator<LoadRecord> {
  const { fields, log1p, fraudRate, classes } = fitSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const random = new Random(seed);
  const isLog = fields.map((field) => log1p.includes(field));
  const noise = new Float64Array(fields.length);
  for (let id = 0; ; id++) {
    const { mean, cholesky } = random.next() < fraudRate ? classes.fraud : classes.genuine;
    const value: Record<string, number> = { id };
    for (let index = 0; index < fields.length; index++) {
      noise[index] = random.normal();
      let sum = mean[index] as number;
      const row = cholesky[index] as readonly number[];
      for (let column = 0; column <= index; column++)
        sum += (row[column] as number) * (noise[column] as number);
      if (isLog[index]) sum = Math.max(0, Math.expm1(sum));
      value[fields[index] as string] = Math.round(sum * DECIMALS) / DECIMALS;
    }
    yield { key: `card-${random.below(CARDS)}`, value };
  }
}
