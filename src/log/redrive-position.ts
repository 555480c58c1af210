// How far the dead letters of a partition were sent back: all of them up to one offset, and those
// of single codes up to later offsets. It is kept as the committed offset of redrive's own group
// and the text beside it, which also names the topic id (invariant 9).

export interface RedrivePosition {
  /** Below this offset all were sent back. */
  readonly all: number;
  /** For single codes: the offset below which the dead letters with that code were sent back. */
  readonly codes: ReadonlyMap<string, number>;
}

export const NOTHING_SENT: RedrivePosition = { all: 0, codes: new Map() };

const TOPIC_ID = 'topic.id';
const CODES = 'codes';

export const redriveMetadata = ({ codes }: RedrivePosition, topicId: string | null): string =>
  JSON.stringify({ [TOPIC_ID]: topicId, [CODES]: Object.fromEntries(codes) });

/**
 * The committed position, as far as it belongs to the topic with this id and this end. A text that
 * is not ours has no codes and no id: its offset is taken as it is. Older versions have committed
 * such offsets.
 */
export function readRedrivePosition(
  committed: { readonly offset: number; readonly metadata: string | null } | undefined,
  now: { readonly topicId: string | null; readonly end: number },
): RedrivePosition {
  if (committed === undefined || committed.offset < 0 || committed.offset > now.end) return NOTHING_SENT;
  const { topicId, codes } = readText(committed.metadata);
  if (topicId !== null && now.topicId !== null && topicId !== now.topicId) return NOTHING_SENT;
  // Where brokers tell no id, an offset past the end belongs to another topic, or to a log that was
  // cut.
  const known = [...codes].filter(([, offset]) => offset <= now.end);
  return { all: committed.offset, codes: new Map(known) };
}

function readText(text: string | null): {
  readonly topicId: string | null;
  readonly codes: ReadonlyMap<string, number>;
} {
  let found: Record<string, unknown>;
  try {
    found = Object(JSON.parse(text ?? '')) as Record<string, unknown>;
  } catch {
    return { topicId: null, codes: new Map() };
  }
  const { [TOPIC_ID]: topicId, [CODES]: codes } = found;
  const numbers = Object.entries(Object(codes) as object).filter(([, offset]) => typeof offset === 'number');
  return { topicId: typeof topicId === 'string' ? topicId : null, codes: new Map(numbers) };
}

/** The offset at which to go on, for one code or for all. */
export const nextToSend = ({ all, codes }: RedrivePosition, code: string | undefined): number =>
  Math.max(all, code === undefined ? 0 : (codes.get(code) ?? 0));

/**
 * The position after the dead letters of one code, or all, were sent back up to an offset. A code
 * needs no offset of its own below the offset of all.
 */
export function sentUpTo(before: RedrivePosition, code: string | undefined, offset: number): RedrivePosition {
  const all = code === undefined ? offset : before.all;
  const codes = new Map(before.codes);
  if (code !== undefined) codes.set(code, offset);
  return { all, codes: new Map([...codes].filter(([, below]) => below > all)) };
}
