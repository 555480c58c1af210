// The records in the body of a request for scores: one or several, as JSON or in the format of the
// input.

import type { GivenRecord } from '../serving/record-answers.ts';
import { isJsonList, isJsonMap, listIn, mapIn } from './json-spans.ts';
import { Problem } from './problem.ts';
import type { AskedModel } from './serving.ts';

const LINE_FEED = 0x0a;
/** What may stand beside records: their times and their keys. */
const BESIDE = ['timestamps', 'keys'];

/** Of one record among several; what is not said is null. */
interface Beside {
  readonly timestampMs: number | null;
  readonly key: Uint8Array | null;
}
const NOTHING: Beside = { timestampMs: null, key: null };

type Codec = Pick<AskedModel, 'fromJson'>;

/**
 * `contentType` without its parameters. Records without a time of their own have `nowMs`. Throws a
 * `Problem` that says what was expected.
 */
export function givenRecords(
  body: Uint8Array,
  contentType: string,
  codec: Codec,
  nowMs: number,
): readonly GivenRecord[] {
  if (contentType === 'application/octet-stream') return [{ key: null, value: body, timestampMs: nowMs }];
  const records =
    contentType === 'application/x-ndjson'
      ? timed(linesIn(body), codec, nowMs)
      : isJsonList(body)
        ? timed(listIn(body), codec, nowMs)
        : inMap(body, codec, nowMs);
  if (records.length === 0) throw new Problem(400, 'expected at least one record, found none');
  return records;
}

/** `{"records": […]}`, `{"base64": […]}`, or a record. */
function inMap(body: Uint8Array, codec: Codec, nowMs: number): readonly GivenRecord[] {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const [name] = ['records', 'base64'].filter((each) => buffer.includes(`"${each}"`));
  if (name === undefined || !isJsonMap(body)) return [recordOf(body, codec, nowMs)];
  const members = mapIn(body);
  const list = members.get('records') ?? members.get('base64');
  const others = [...members.keys()].filter((key) => !BESIDE.includes(key));
  // A record may have a field of that name.
  if (list === undefined || others.length > 1 || !isJsonList(list)) return [recordOf(body, codec, nowMs)];
  const spans = listIn(list);
  const times = ofEach(spans.length, 'timestamps', timesIn(members.get('timestamps')));
  const keys = ofEach(spans.length, 'keys', keysIn(members.get('keys')));
  const beside = spans.map((_, index) => ({
    timestampMs: times?.[index] ?? null,
    key: keys?.[index] ?? null,
  }));
  if (members.has('records')) return timed(spans, codec, nowMs, beside);
  return spans.map((span, index) => ({
    key: beside[index]?.key ?? null,
    value: bytesOf(span, `base64[${index}]`),
    timestampMs: beside[index]?.timestampMs ?? nowMs,
  }));
}

function ofEach<T>(count: number, name: string, given: readonly T[] | null): readonly T[] | null {
  if (given === null || given.length === count) return given;
  throw new Problem(400, `${name}: expected one for each of ${count} records, found ${given.length}`);
}

const timed = (
  spans: readonly Uint8Array[],
  codec: Codec,
  nowMs: number,
  beside: readonly Beside[] = [],
): readonly GivenRecord[] => spans.map((span, index) => recordOf(span, codec, nowMs, beside[index]));

function recordOf(
  span: Uint8Array,
  { fromJson }: Codec,
  nowMs: number,
  { key, timestampMs }: Beside = NOTHING,
): GivenRecord {
  if (fromJson === null)
    throw new Problem(
      415,
      'the input of this job is Avro: expected application/octet-stream with a record as it is in the topic, ' +
        'or {"base64": […]} with several',
    );
  try {
    return { key, value: fromJson(span), timestampMs: timestampMs ?? nowMs };
  } catch (error) {
    throw new Problem(400, (error as Error).message);
  }
}

function linesIn(body: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let from = 0; from < body.byteLength; ) {
    const end = body.indexOf(LINE_FEED, from);
    const line = body.subarray(from, end < 0 ? body.byteLength : end);
    from += line.byteLength + 1;
    if (Buffer.from(line).toString().trim() !== '') lines.push(line);
  }
  return lines;
}

function timesIn(span: Uint8Array | undefined): readonly number[] | null {
  if (span === undefined) return null;
  const times = parsed(span);
  if (!Array.isArray(times) || !times.every((time) => Number.isSafeInteger(time)))
    throw new Problem(400, 'timestamps: expected a list of whole numbers, milliseconds since 1970');
  return times as readonly number[];
}

/** Text, `{"base64": "…"}` for bytes that are none, or null for a record without a key. */
function keysIn(span: Uint8Array | undefined): readonly (Uint8Array | null)[] | null {
  if (span === undefined) return null;
  const keys = parsed(span);
  if (!Array.isArray(keys)) throw new Problem(400, 'keys: expected a list, one for each record');
  return keys.map((key: unknown, index) => {
    if (key === null) return null;
    if (typeof key === 'string') return Buffer.from(key);
    const base64 = typeof key === 'object' ? (key as { readonly base64?: unknown }).base64 : undefined;
    if (base64 !== undefined) return fromBase64(base64, `keys[${index}].base64`);
    throw new Problem(400, `keys[${index}]: expected text, {"base64": "…"} or null`);
  });
}

const bytesOf = (span: Uint8Array, place: string): Uint8Array => fromBase64(parsed(span), place);

function fromBase64(text: unknown, place: string): Uint8Array {
  // Buffer skips what is no base64.
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new Problem(400, `${place}: expected text in base64`);
  return Buffer.from(text, 'base64');
}

function parsed(span: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(span).toString());
  } catch {
    throw new Problem(400, 'expected JSON, found text that cannot be read');
  }
}
