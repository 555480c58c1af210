// Generates card transactions from numbers that were fitted to real transactions: one Gaussian for
// genuine and one for fraudulent transactions, each with its own mean and covariance (as a Cholesky
// factor) over the fields of the model.

import { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { codecs } from '../codec/codecs.ts';
import { NotTextError, readTextFile } from '../written/file-trouble.ts';
import { findingsOf, problemIn } from '../written/problem.ts';
import { readYaml } from '../written/yaml.ts';
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

/** The numbers cannot be used. Exit code 78, as they belong to the model. */
export class FitError extends ScorelaneError {
  readonly code = 'SCORELANE_MODEL';
}

/** Throws `NoInputError` and `FitError`. */
function readFit(file: string): z.infer<typeof fitSchema> {
  const bytes = Buffer.from(textOf(file));
  let value: unknown;
  try {
    value = codecs.json.decode(bytes, 0, bytes.length);
  } catch (error) {
    throw new FitError(`${file}: ${(error as Error).message}`, { cause: error });
  }
  const result = fitSchema.safeParse(value);
  if (result.success) return result.data;
  // JSON is YAML too, and there each value has a place.
  const document = readYaml(bytes.toString());
  throw new FitError(
    findingsOf(result.error)
      .map((finding) => problemIn(file, document, finding))
      .join('\n'),
  );
}

function textOf(file: string): string {
  try {
    return readTextFile(file);
  } catch (error) {
    if (error instanceof NotTextError) throw new FitError(error.message, { cause: error });
    throw error;
  }
}

/** An endless stream of transactions; `file` is a model's generator.json. */
export function* generateTransactions(file: string, seed: number): Generator<LoadRecord> {
  const { fields, log1p, fraudRate, classes } = readFit(file);
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
