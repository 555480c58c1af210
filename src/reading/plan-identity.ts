// Identifies a feature plan, whichever model it belongs to. Two versions of a model with the same
// plan make the same rows of the same records, and refuse and skip the same records. So they can
// share windows and snapshots.

import { createHash } from 'node:crypto';
import type { PlanInput } from '../features/spec.ts';
import type { StateOptions } from '../features/window-spec.ts';
import type { ReadingSetup } from './reading-setup.ts';

/** The inputs, in the order of their columns, and the options of the windows among them. */
export interface PlanSpec {
  readonly inputs: readonly PlanInput[];
  readonly windows: StateOptions;
}

/** A record past one of these limits is refused. */
export interface RecordLimits {
  readonly recordBytesMax: number;
  readonly headersMax: number;
}

/**
 * SHA-256 in hexadecimal digits. A record that is refused or skipped is in no window. So the
 * identity also covers what refuses and skips records. The order of sets and the spaces in a schema
 * do not change it.
 */
export function planIdentity({ inputs, windows }: PlanSpec, setup: ReadingSetup & RecordLimits): string {
  const { inputFormat, json, avro, only, nestingMax, recordBytesMax, headersMax } = setup;
  const { isFramed, notFinite } = json;
  const refusing = {
    inputFormat,
    json:
      inputFormat === 'json' ? { isFramed, notFinite, schemas: isFramed ? sorted(json.schemas) : [] } : null,
    avro:
      avro === null
        ? null
        : [avro.framing, avro.schema && withoutSpaces(avro.schema), sorted(avro.writers.map(withoutSpaces))],
    only: sorted(Object.entries(only).map(([path, values]) => [path, sorted([values].flat())])),
    nestingMax,
    recordBytesMax,
    headersMax,
  };
  return createHash('sha256').update(JSON.stringify({ inputs, windows, refusing })).digest('hex');
}

/** As a set: by their text. */
const sorted = (values: readonly unknown[]): readonly string[] =>
  values.map((value) => JSON.stringify(value)).sort();

/** What is no JSON is refused by the reader, in better words. */
function withoutSpaces(schema: string): string {
  try {
    return JSON.stringify(JSON.parse(schema));
  } catch {
    return schema;
  }
}
