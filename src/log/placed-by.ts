// By which partition counts the records of one partition may have been placed. When a topic gets
// more partitions, its records do not move: they stay where the earlier count placed them.
// Producers that do not know the new count yet go on using the earlier count.

/** Each count costs time for records that are misplaced, and room in the text of each commit. */
const COUNTS_MAX = 32;

/**
 * The counts, of all that the topic has had, that can have placed a record in this partition:
 * ascending, and without those that follow from a smaller one. A record that 8 partitions place in
 * partition 1 is also placed there by 4.
 */
export function placedBy(partition: number, counts: readonly number[]): readonly number[] {
  const able = [...new Set(counts)].filter((count) => count > partition).sort((left, right) => left - right);
  return able
    .filter((count, index) => !able.slice(0, index).some((less) => count % less === 0))
    .slice(-COUNTS_MAX);
}
