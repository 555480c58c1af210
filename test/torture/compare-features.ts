// Every result of a model with windows against the features that one finds who reads each partition
// once from its start.

import { json } from '../../src/codec/json.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { placedBy } from '../../src/log/placed-by.ts';
import type { ModelManifest } from '../../src/model/manifest.ts';
import { ownsIn } from '../../src/worker/states/copartition.ts';
import type { Audit } from '../support/daemon.ts';
import type { PartitionRecord, ReadRecord } from '../support/records.ts';

/** The part of the independent audit that both have. */
export type Compared = Pick<
  Audit,
  'inputs' | 'missing' | 'repeats' | 'wronglyDead' | 'refused' | 'wronglyScored' | 'deadUntouched'
>;

const SOURCE = '__scorelane.source.';
const ERRORS = '__scorelane.errors.';

/** The partition and offset of the input that a record answers. */
function sourceOf({ headers }: ReadRecord, prefix: string): string {
  const found = new Map(headers);
  return `${found.get(`${prefix}partition`)}/${found.get(`${prefix}offset`)}`;
}

/**
 * The features of each record of the input, as they stand in a result; null for one that has none.
 */
function undisturbed(
  { inputs: planned, windows: state }: ModelManifest,
  inputs: readonly PartitionRecord[],
  counts: readonly number[],
): Map<string, string | null> {
  const found = new Map<string, string | null>();
  for (const [partition, records] of Map.groupBy(inputs, (record) => record.partition)) {
    const plan = new StatefulPlan(planned, state, ownsIn(partition, placedBy(partition, counts)));
    const row = new Float32Array(plan.width);
    for (const { offset, key, value, timestampMs } of records.toSorted((a, b) => a.offset - b.offset)) {
      const refused = refusal(value, (record) =>
        plan.fill(record, row, 0, Number(timestampMs), key === null ? null : Buffer.from(key)),
      );
      found.set(`${partition}/${offset}`, refused ? null : row.join(','));
    }
  }
  return found;
}

function refusal(value: string | null, fill: (record: unknown) => unknown): boolean {
  const bytes = Buffer.from(value ?? '');
  let record: unknown;
  try {
    record = json.decode(bytes, 0, bytes.byteLength);
  } catch {
    return true;
  }
  return fill(record) !== null;
}

/** `counts`: all that the input has had of partitions. */
export function compareFeatures(
  manifest: ModelManifest,
  inputs: readonly PartitionRecord[],
  results: readonly PartitionRecord[],
  deadLetters: readonly PartitionRecord[],
  counts: readonly number[],
): Compared {
  const wanted = undisturbed(manifest, inputs, counts);
  const originals = new Map(inputs.map((record) => [`${record.partition}/${record.offset}`, record]));
  const answered = new Set<string>();
  const [wronglyDead, refused] = [new Set<string>(), new Set<string>()];
  let wronglyScored = 0;
  for (const result of results) {
    const source = sourceOf(result, SOURCE);
    answered.add(source);
    const { features } = JSON.parse(result.value ?? '') as { readonly features: readonly number[] };
    if (features.join(',') !== wanted.get(source)) wronglyScored++;
  }
  let deadUntouched = true;
  for (const letter of deadLetters) {
    const source = sourceOf(letter, ERRORS);
    answered.add(source);
    if (wanted.get(source) !== null) {
      wronglyDead.add(source);
      if (new Map(letter.headers).get(`${ERRORS}code`) === 'RESULT_REFUSED') refused.add(source);
    }
    const { key, value } = originals.get(source) ?? {};
    deadUntouched &&= key === letter.key && value === letter.value;
  }
  const missing = [...wanted.keys()].filter((source) => !answered.has(source)).length;
  const repeats = results.length + deadLetters.length - answered.size;
  return {
    inputs: inputs.length,
    missing,
    repeats,
    wronglyDead: wronglyDead.size,
    refused: refused.size,
    wronglyScored,
    deadUntouched,
  };
}
