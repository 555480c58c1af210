// A dump as text, and back. JSON, with marks for values that JSON lacks. Nothing in it comes from a
// record: no bytes, and no texts of errors and refusals, which may quote a value. The log has
// those.

import type { RecordedPart } from '../engine/recorder.ts';
import type { SavedEngine } from '../engine/saved-state.ts';

/** Raised when the format changes. */
export const DUMP_FORMAT = 1;

export interface StateDump {
  readonly format: number;
  readonly version: string;
  /** As ISO 8601. */
  readonly takenAt: string;
  readonly why: string;
  /** The code of a fatal error, and where in the program it was thrown. */
  readonly error: { readonly name: string; readonly code: string | null; readonly stack: string[] } | null;
  /** What the daemon has counted, and what each worker thread uses. */
  readonly counts: unknown;
  readonly threads: unknown;
  readonly engine: {
    /** All lanes now. */
    readonly state: SavedEngine;
    /** The last messages, with the state before the first of each part. */
    readonly parts: readonly RecordedPart[];
  };
}

/** Marks values that JSON lacks. No topic's name begins so. */
const MARK = '~';
const NOT_KEPT = `${MARK}not kept`;
/** Keys whose text comes from others. */
const WORDS: ReadonlySet<string> = new Set(['message', 'refusal', 'stack']);

export function dumpText(dump: StateDump): string {
  return JSON.stringify(dump, function (this: Record<string, unknown>, key: string, given: unknown) {
    // The value itself, not what its own toJSON makes of it.
    const value = this[key];
    if (ArrayBuffer.isView(value)) return NOT_KEPT;
    if (typeof value === 'string' && WORDS.has(key)) return NOT_KEPT;
    if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
      return `${MARK}${value}`;
    return given;
  });
}

/** Throws `SyntaxError` where it is no JSON, `TypeError` where it is another format. */
export function readDump(text: string): StateDump {
  const dump = JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? unmarked(value) : value,
  ) as StateDump;
  if (dump.format === DUMP_FORMAT) return dump;
  throw new TypeError(
    `a dump of format ${dump.format}, expected ${DUMP_FORMAT}: use the scorelane that wrote it`,
  );
}

function unmarked(marked: string): unknown {
  if (marked === NOT_KEPT) return marked;
  const text = marked.slice(MARK.length);
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}
