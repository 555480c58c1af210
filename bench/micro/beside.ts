// Times a piece of work that takes turns with another, as two models on one thread do: the compiled
// code of each has met what the other reads.

/**
 * Nanoseconds of one piece of work, a figure a round. Each time, and while it warms up, the other
 * is done before it.
 */
export function timesBeside(work: () => void, other: () => void, seconds: number, rounds: number): number[] {
  const round = (): number => {
    let [spentMs, times] = [0, 0];
    while (spentMs < seconds * 1_000) {
      other();
      const startedMs = performance.now();
      work();
      spentMs += performance.now() - startedMs;
      times++;
    }
    return (spentMs * 1e6) / times;
  };
  round();
  return Array.from({ length: rounds }, round);
}
