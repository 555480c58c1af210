// How far the dead letters of a partition were sent back: up to an offset all of them, and beyond
// it those of single codes. It is the committed offset of redrive's own group, and the text beside
// that, which names the topic id too (invariant 9).

export interface RedrivePosition {
  /** Below, all were sent back. */
  readonly all: number;
  /** By code, below what offset those of that code were. */
  readonly codes: ReadonlyMap<string, number>;
}

export const NOTHING_SENT: RedrivePosition = { all: 0, codes: new Map() };

const TOPIC_ID = 'topic.id';
const CODES = 'codes';

export const redriveMetadata = ({ codes }: RedrivePosition, topicId: string | null): string =>
  JSON.stringify({ [TOPIC_ID]: topicId, [CODES]: Object.fromEntries(codes) });

/**
 * What was committed, as far as it is of the topic that has that id and that end now. A text that
 * is none of ours says nothing of codes and of the id, as what older versions have committed: the
 * offset is taken as it is.
 */
export function readRedrivePosition(
  committed: { readonly offset: number; readonly metadata: string | null } | undefined,
  now: { readonly topicId: string | null; readonly end: number },
): RedrivePosition {
  if (committed === undefined || committed.offset < 0 || committed.offset > now.end) return NOTHING_SENT;
  const { topicId, codes } = readText(committed.metadata);
  if (topicId !== null && now.topicId !== null && topicId !== now.topicId) return NOTHING_SENT;
  // Where brokers tell no id, an offset past the end is of another topic, or of a log that was cut.
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

/** Where those of the code, or all, go on. */
export const nextToSend = ({ all, codes }: RedrivePosition, code: string | undefined): number =>
  Math.max(all, code === undefined ? 0 : (codes.get(code) ?? 0));

/**
 * After those of the code, or all, were sent up to an offset. What is below the offset of all needs
 * no place of its own.
 */
export function sentUpTo(before: RedrivePosition, code: string | undefined, offset: number): RedrivePosition {
  const all = code === undefined ? offset : before.all;
  const codes = new Map(before.codes);
  if (code !== undefined) codes.set(code, offset);
  return { all, codes: new Map([...codes].filter(([, below]) => below > all)) };
}
