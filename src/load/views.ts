// Generates what users look at in a shop: each has a taste, each item has qualities, and one item
// leads to another like it.

import type { LoadRecord } from './load-record.ts';
import { Random } from './random.ts';

export interface View {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly user: string;
  readonly item: string;
  /** The item that the user looks at next: what a model is trained to guess. */
  readonly next: string;
}

const USERS = 1_000;
const ITEMS = 500;
/** Of tastes and of qualities. */
const DIMENSIONS = 6;
/** How much taste, likeness to the item before, and popularity count. */
const WEIGHTS = { taste: 2, likeness: 2, popularity: 1 };
/** After so many views of a session on average a user begins another one with any item. */
const SESSION_VIEWS = 10;
const VIEW_MS = 40;

/** An endless stream of views of all users, in the order of time. */
export function* generateViews(seed: number, startMs: number): Generator<View> {
  const random = new Random(seed);
  const vectors = (count: number): Float64Array[] =>
    Array.from({ length: count }, () => Float64Array.from({ length: DIMENSIONS }, () => random.normal()));
  const [tastes, qualities] = [vectors(USERS), vectors(ITEMS)];
  const popularity = Float64Array.from({ length: ITEMS }, () => random.normal());
  const items = Int32Array.from({ length: USERS }, () => random.below(ITEMS));
  const chances = new Float64Array(ITEMS);
  for (let id = 0; ; id++) {
    const user = random.below(USERS);
    const item = items[user] as number;
    const [taste, before] = [tastes[user] as Float64Array, qualities[item] as Float64Array];
    for (const [index, quality] of qualities.entries())
      chances[index] = Math.exp(
        (WEIGHTS.taste * dot(taste, quality) + WEIGHTS.likeness * dot(before, quality)) / DIMENSIONS +
          WEIGHTS.popularity * (popularity[index] as number),
      );
    chances[item] = 0;
    const next = drawn(chances, random);
    yield { id, at: startMs + id * VIEW_MS, user: `u${user}`, item: `i${item}`, next: `i${next}` };
    items[user] = random.next() < 1 / SESSION_VIEWS ? random.below(ITEMS) : next;
  }
}

/** The user as the key. */
export function* viewRecords(seed: number, startMs: number): Generator<LoadRecord> {
  for (const value of generateViews(seed, startMs)) yield { key: value.user, value: { ...value } };
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < DIMENSIONS; index++) sum += (left[index] as number) * (right[index] as number);
  return sum;
}

/** An index, as often as its share of the chances says. */
function drawn(chances: Float64Array, random: Random): number {
  let left = random.next() * chances.reduce((sum, chance) => sum + chance, 0);
  for (const [index, chance] of chances.entries()) {
    left -= chance;
    if (left < 0) return index;
  }
  return chances.length - 1;
}
