// The records in the body of a request for scores: one or several, as JSON or in the format of the
// input.

import type { GivenRecord } from '../serving/record-answers.ts';
import type { ServedModel } from '../serving/served-model.ts';
import { isJsonList, isJsonMap, listIn, mapIn } from './json-spans.ts';
import { Problem } from './problem.ts';

const LINE_FEED = 0x0a;
/** Records, and beside them their times. */
const TIMESTAMPS = 'timestamps';

type Codec = Pick<ServedModel, 'fromJson'>;

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
  if (contentType === 'application/octet-stream') return [{ value: body, timestampMs: nowMs }];
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
  const others = [...members.keys()].filter((key) => key !== TIMESTAMPS);
  // A record may have a field of that name.
  if (list === undefined || others.length > 1 || !isJsonList(list)) return [recordOf(body, codec, nowMs)];
  const times = timesIn(members.get(TIMESTAMPS));
  const spans = listIn(list);
  if (times !== null && times.length !== spans.length)
    throw new Problem(
      400,
      `timestamps: expected one for each of ${spans.length} records, found ${times.length}`,
    );
  if (members.has('records')) return timed(spans, codec, nowMs, times);
  return spans.map((span, index) => ({ value: bytesOf(span, index), timestampMs: times?.[index] ?? nowMs }));
}

const timed = (
  spans: readonly Uint8Array[],
  codec: Codec,
  nowMs: number,
  times: readonly number[] | null = null,
): readonly GivenRecord[] => spans.map((span, index) => recordOf(span, codec, times?.[index] ?? nowMs));

function recordOf(span: Uint8Array, { fromJson }: Codec, timestampMs: number): GivenRecord {
  if (fromJson === null)
    throw new Problem(
      415,
      'the input of this job is Avro: expected application/octet-stream with a record as it is in the topic, ' +
        'or {"base64": […]} with several',
    );
  try {
    return { value: fromJson(span), timestampMs };
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

function bytesOf(span: Uint8Array, index: number): Uint8Array {
  const text = parsed(span);
  // Buffer skips what is no base64.
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new Problem(400, `base64[${index}]: expected text in base64`);
  return Buffer.from(text, 'base64');
}

function parsed(span: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(span).toString());
  } catch {
    throw new Problem(400, 'expected JSON, found text that cannot be read');
  }
}
