// The text that Kafka keeps beside each committed offset. It names the topic id, because a topic
// that was deleted and made again has the same name (invariant 9). It also says how the group began
// with this partition, so that a later start need not guess. Every commit repeats it. Where the
// text is empty or written by others, the offset is taken as it is.

export interface CommitMetadata {
  /** The id of the topic; null where the log does not tell it. */
  readonly topicId: string | null;
  /**
   * Where the group began with the partition; null where another program began, and did not write
   * it.
   */
  readonly begun: number | null;
  /** How many partitions the topic had at that time: the others came later. */
  readonly partitions: number;
  /**
   * The partition counts by which records may have been placed there: see `placedBy`. Empty where
   * the text does not say it.
   */
  readonly placedBy: readonly number[];
  /** Answers to records from this offset on name the topic id. */
  readonly namedFrom: number;
}

const KEYS = {
  topicId: 'topic.id',
  begun: 'begun',
  partitions: 'partitions',
  placedBy: 'placed.by',
  namedFrom: 'named.from',
} as const;

export const writeCommitMetadata = (of: CommitMetadata): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(KEYS).map(([field, key]) => [key, of[field as keyof CommitMetadata]])),
  );

/** Null for a text that is not ours. */
export function readCommitMetadata(text: string | null | undefined): CommitMetadata | null {
  let found: Record<string, unknown>;
  try {
    found = Object(JSON.parse(text ?? '')) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { [KEYS.topicId]: topicId, [KEYS.begun]: begun } = found;
  const { [KEYS.partitions]: partitions, [KEYS.namedFrom]: namedFrom } = found;
  const { [KEYS.placedBy]: counts = [] } = found;
  const isOurs =
    (topicId === null || typeof topicId === 'string') &&
    (begun === null || typeof begun === 'number') &&
    typeof partitions === 'number' &&
    typeof namedFrom === 'number' &&
    isCounts(counts);
  return isOurs ? { topicId, begun, partitions, placedBy: counts, namedFrom } : null;
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isInteger(count) && count > 0);
