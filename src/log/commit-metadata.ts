// What stands beside a committed offset, in the text that Kafka keeps with each: of which topic the
// offset is, for one that was deleted and made again has the same name (invariant 9); and how the
// group began with this partition, so that a later start need not guess. Every commit repeats it.
// Text of others, or none, says nothing: such an offset is taken as it is.

export interface CommitMetadata {
  /** The topic's id; null where the log does not tell one. */
  readonly topicId: string | null;
  /** Where the group began with the partition; null where another began it, who did not say. */
  readonly begun: number | null;
  /** How many partitions the topic had then: those beyond came later. */
  readonly partitions: number;
  /**
   * The partition counts by which records may have been placed there: see `placedBy`. Empty where
   * who wrote it did not say.
   */
  readonly placedBy: readonly number[];
  /** Answers to records from here on name the topic id. */
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

/** Null for what is not ours. */
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
