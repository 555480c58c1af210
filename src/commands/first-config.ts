// A first configuration: what the records of a topic and a model say about it. Pure; `init` reads
// the records and writes the file.

import { codecs } from '../codec/codecs.ts';
import { formatPath, isMap, parsePath, valueAt } from '../features/path.ts';
import type { ReadField } from '../features/reads.ts';
import { nearest } from '../written/nearest.ts';

/** What the values of a topic look like. `values` are decoded; empty for Avro. */
export interface FoundFormat {
  readonly format: 'json' | 'msgpack' | 'avro';
  readonly values: readonly unknown[];
}

/** Confluent's framing: a zero byte, and the number of the schema in four bytes. */
const isFramed = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes.length > 5;

/** Null where no format fits all of them. JSON comes first: a digit is MessagePack too. */
export function formatOfValues(values: readonly Uint8Array[]): FoundFormat | null {
  for (const format of ['json', 'msgpack'] as const) {
    const decoded = values.map((bytes) => mapIn(codecs[format].decode, bytes));
    if (decoded.every((value) => value !== null)) return { format, values: decoded };
  }
  return values.every(isFramed) ? { format: 'avro', values: [] } : null;
}

/** Records with fields: all other values are read by accident. */
function mapIn(
  decode: (bytes: Uint8Array, start: number, end: number) => unknown,
  bytes: Uint8Array,
): unknown {
  try {
    const value = decode(bytes, 0, bytes.length);
    return isMap(value) ? value : null;
  } catch {
    return null;
  }
}

/** A field that the model reads and that some of the records do not have. */
export interface MissingField {
  readonly path: string;
  /** In so many of the records. */
  readonly missing: number;
  /** One of the records' fields with nearly that name. */
  readonly near: string | undefined;
}

export function missingFields(fields: readonly ReadField[], values: readonly unknown[]): MissingField[] {
  const there = [...new Set(values.flatMap((value) => (isMap(value) ? Object.keys(value) : [])))];
  return fields
    .filter(({ isRequired }) => isRequired)
    .map(({ path }) => ({
      path,
      missing: values.filter((value) => valueAt(value, parsePath(path)) === undefined).length,
      near: nearest(path, there),
    }))
    .filter(({ missing }) => missing > 0);
}

const NAMED_ID = /(?:^|[_-])(?:id|ID|uuid|UUID|guid)$|^(?:Id|Uuid)$|[a-z](?:Id|ID|Uuid|UUID)$/;

/** The field that names a record: by its own name, and because no two are alike. */
export function idIn(values: readonly unknown[]): string | null {
  const [first] = values;
  if (!isMap(first)) return null;
  const isDistinct = (name: string): boolean => {
    const found = values.map((value) => valueAt(value, [name]));
    const isScalar = found.every((each) => ['string', 'number', 'bigint'].includes(typeof each));
    return isScalar && new Set(found).size === found.length;
  };
  const name = Object.keys(first)
    .filter((each) => NAMED_ID.test(each))
    .find(isDistinct);
  return name === undefined ? null : formatPath([name]);
}

export interface FirstConfig {
  readonly brokers: string;
  readonly topic: string;
  readonly output: string;
  readonly deadLetters: string;
  readonly model: { readonly name: string; readonly version: string; readonly repository: string };
  readonly format: FoundFormat['format'];
  readonly id: string | null;
  /** How many records were looked at. */
  readonly records: number;
}

/** YAML, with the reason beside each choice. Names are quoted as JSON has it, which YAML reads. */
export function configText(given: FirstConfig): string {
  const { brokers, topic, output, deadLetters, model, format, id, records } = given;
  const text = (value: string): string => JSON.stringify(value);
  return `# Written by scorelane init. Every key, with its default and reason: config/reference.yaml of the package.
log: kafka
input:
  topic: ${text(topic)}
  format: ${format} # as the last ${records} records are
output:
  topic: ${text(output)}
  format: json # every consumer can read it; msgpack is smaller
  ids: ${id === null ? '[] # no field of the records looks like an id' : `[${text(id)}] # copied into each result`}
deadLetters:
  topic: ${text(deadLetters)} # records that cannot be scored, whole, with the reason
model:
  repository: ${text(model.repository)}
  name: ${text(model.name)}
  version: ${text(model.version)} # named, so that a restart never changes the model
${format === 'avro' ? 'registry:\n  url: "" # the address of your schema registry\n' : ''}kafka:
  bootstrap.servers: ${text(brokers)}
`;
}
