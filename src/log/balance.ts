// Shares partitions among the members of a group: evenly, and with as few moves as possible. The
// functions are pure, and both adapters use them: assignments are the same on the embedded log and
// on Kafka.

/**
 * `owned` lists the partitions that each member has now. If two members claim a partition, the
 * first keeps it. Returns the partitions that each member gets: the counts differ by at most one,
 * and a member whose count stays the same keeps its partitions.
 */
export function balance<Member>(
  owned: ReadonlyMap<Member, readonly string[]>,
  partitions: readonly string[],
): Map<Member, string[]> {
  const all = new Set(partitions);
  const taken = new Set<string>();
  const kept = new Map<Member, string[]>();
  for (const [member, keys] of owned) {
    const own = keys.filter((key) => all.has(key) && !taken.has(key));
    for (const key of own) taken.add(key);
    kept.set(member, own);
  }
  const least = Math.floor(partitions.length / owned.size);
  const extra = partitions.length - least * owned.size;
  // The members that own most get the larger counts, so that no partition moves without need.
  const byCount = [...kept.values()].sort((one, other) => other.length - one.length);
  const quota = new Map(byCount.map((own, rank) => [own, rank < extra ? least + 1 : least]));
  const free = partitions.filter((key) => !taken.has(key));
  for (const own of byCount) free.push(...own.splice(quota.get(own) as number));
  for (const own of kept.values()) own.push(...free.splice(0, (quota.get(own) as number) - own.length));
  return kept;
}

/** What a member reads, and what it owns now. */
export interface Membership {
  readonly topics: readonly string[];
  readonly owned: readonly string[];
}

/**
 * `balance` for members that may read different topics. Each member gets partitions of its own
 * topics only. Topics with the same readers are shared together. `partitions` lists the partitions
 * of each topic that exists.
 */
export function balanceByTopic<Member>(
  members: ReadonlyMap<Member, Membership>,
  partitions: ReadonlyMap<string, readonly string[]>,
): Map<Member, string[]> {
  const shared = new Map<Member, string[]>([...members.keys()].map((member) => [member, []]));
  const entries = [...members];
  const readersOf = (topic: string): number[] =>
    entries.flatMap(([, { topics }], index) => (topics.includes(topic) ? [index] : []));
  for (const topics of Map.groupBy(partitions.keys(), (topic) => readersOf(topic).join()).values()) {
    const readers = readersOf(topics[0] as string).map((index) => entries[index] as (typeof entries)[number]);
    const owned = new Map(readers.map(([member, membership]) => [member, membership.owned]));
    const all = topics.flatMap((topic) => partitions.get(topic) ?? []);
    for (const [member, keys] of balance(owned, all)) shared.get(member)?.push(...keys);
  }
  return shared;
}
