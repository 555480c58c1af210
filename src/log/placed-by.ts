// By which partition counts the records of one partition may have been placed. A topic that grows
// moves no records: those that are there lie where the count of their time sent them, and so do
// those of a producer that does not know of the growth yet.

/**
 * Each count takes time for a record whose key does not say where it belongs, and room in what is
 * committed.
 */
const COUNTS_MAX = 32;

/**
 * Of all counts that the topic has had, those that can have sent a record there: ascending, and
 * without those that another one says more of. What is in partition 1 by 8 is there by 4 too.
 */
export function placedBy(partition: number, counts: readonly number[]): readonly number[] {
  const able = [...new Set(counts)].filter((count) => count > partition).sort((left, right) => left - right);
  return able
    .filter((count, index) => !able.slice(0, index).some((less) => count % less === 0))
    .slice(-COUNTS_MAX);
}
