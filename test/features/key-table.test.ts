// The keys of windows: a table holds what a Map would hold, however keys meet in it and go; and
// what is saved of a state is all of it.

import test from 'ava';
import fc from 'fast-check';
import type { Archive, Numbers } from '../../src/features/archive.ts';
import { KeyGroup, NO_SLOT } from '../../src/features/key-group.ts';
import { KeyTable } from '../../src/features/key-table.ts';
import { Panes } from '../../src/features/panes.ts';
import { WindowState } from '../../src/features/window-state.ts';
import { columnsOf, events, options, taken, windows } from '../support/naive-windows.ts';
import { runs } from '../support/runs.ts';

/** Few homes, so that keys meet. */
const key = fc.tuple(fc.nat(2), fc.oneof(fc.nat(3), fc.constantFrom(15, 16, 31, 32, 47, 0xffff_ffff)));

test('keys are found in the slots that they got, also when others that stood before them have gone', (t) => {
  const step = fc.tuple(fc.boolean(), key);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const table = new KeyTable(30);
      const slots = new Map<string, readonly [number, number, number]>();
      for (const [isAdded, [high, low]] of steps) {
        const name = `${high} ${low}`;
        const known = slots.get(name);
        if (isAdded && known === undefined && !table.isFull) {
          const slot = table.add(high, low);
          t.false(
            [...slots.values()].some(([, , other]) => other === slot),
            'no two keys share a slot',
          );
          slots.set(name, [high, low, slot]);
        } else if (!isAdded && known !== undefined) {
          table.remove(known[2]);
          slots.delete(name);
          t.is(table.find(high, low), -1);
        }
        t.is(table.size, slots.size);
        t.is(table.isFull, slots.size === 30);
        for (const [oneHigh, oneLow, slot] of slots.values()) t.is(table.find(oneHigh, oneLow), slot);
        t.true([...slots.values()].every(([, , slot]) => slot < table.end));
      }
    }),
    runs(300),
  );
});

test('a slot that was freed is given out again before a new one; a full table takes no more', (t) => {
  const table = new KeyTable(40);
  for (let low = 0; low < 40; low++) t.is(table.add(1, low), low);
  t.throws(() => table.add(1, 40), {
    instanceOf: RangeError,
    message: 'the table holds 40 keys and no more',
  });
  table.remove(7);
  table.remove(20);
  t.is(table.end, 40);
  t.deepEqual([table.add(2, 1), table.add(2, 2)].sort(), [20, 7]);
  t.is(table.end, 40);
  for (let low = 0; low < 40; low++) t.is(table.find(1, low), [7, 20].includes(low) ? -1 : low);
});

test('at most half of the places of a table are taken: its bytes grow in powers of two', (t) => {
  const table = new KeyTable(1_000);
  const bytes = (): number => table.bytes;
  const first = bytes();
  for (let low = 0; low < 16; low++) table.add(0, low);
  t.is(bytes(), first);
  table.add(0, 16);
  t.is(bytes(), 2 * first);
  for (let low = 17; low < 32; low++) table.add(0, low);
  t.is(bytes(), 2 * first);
  table.add(0, 32);
  t.is(bytes(), 4 * first);
});

/**
 * What is carried out: of each array what is used, and no more. What is read in has zeros behind
 * it.
 */
function carried(state: WindowState): {
  readonly parts: (number[] | Numbers)[];
  readonly bytes: number;
  readonly into: Archive;
} {
  const parts: (number[] | Numbers)[] = [];
  const lengths: number[] = [];
  let bytes = 0;
  state.saveOrRestore({
    numbers: (values) => {
      parts.push([...values]);
      return [...values];
    },
    array: (array, used) => {
      parts.push(array.slice(0, used));
      lengths.push(array.length);
      bytes += array.byteLength;
      return array;
    },
    list: (values) => {
      parts.push([...values]);
      return [...values];
    },
  });
  const left = [...parts];
  const into: Archive = {
    numbers: () => left.shift() as number[],
    array: <T extends Numbers>() => {
      const used = left.shift() as T;
      const whole = new (used.constructor as new (length: number) => T)(lengths.shift() as number);
      whole.set(used as never);
      return whole;
    },
    list: () => left.shift() as number[],
  };
  return { parts, bytes, into };
}

test('a state is carried over by what of its arrays is used, and goes on to the bit; its bytes are those of its arrays', (t) => {
  fc.assert(
    fc.property(windows, events, fc.nat(60), fc.constantFrom(0, 20, 100), (all, given, cut, graceMs) => {
      const [whole, before, after] = [0, 1, 2].map(() => new WindowState(all, options(graceMs))) as [
        WindowState,
        WindowState,
        WindowState,
      ];
      const wanted = taken(whole, columnsOf(all), given);
      taken(before, columnsOf(all), given.slice(0, cut));
      const { bytes, into } = carried(before);
      t.is(before.bytes, bytes);
      after.saveOrRestore(into);
      t.deepEqual([after.bytes, after.keys, after.latestMs], [before.bytes, before.keys, before.latestMs]);
      t.deepEqual(taken(after, columnsOf(all), given.slice(cut)), wanted.slice(cut));
      t.deepEqual(after.counts, whole.counts);
      t.deepEqual(carried(after).parts, carried(whole).parts);
    }),
    runs(150),
  );
});

const never = (): boolean => false;
const groupOf = (keysMax: number): KeyGroup => new KeyGroup([new Panes(10, 4, ['count'], 1)], 100, keysMax);

test('a key that was idle for longer than any window is forgotten without a count, one look at a time', (t) => {
  const group = groupOf(1_000);
  for (let low = 0; low < 10; low++) group.passed(group.slotFor(0, low, 0, never), 1_000);
  group.slotFor(0, 99, 1_100, never);
  t.is(group.keys.size, 11, 'idle for exactly so long is not yet long enough');
  group.slotFor(0, 100, 1_101, never);
  t.is(group.keys.size, 8, 'four slots are looked at for each new key');
  for (let low = 101; low < 110; low++) group.slotFor(0, low, 1_101, never);
  t.true([...Array(10).keys()].every((low) => group.keys.find(0, low) < 0));
  t.is(group.forgotten, 0);
});

test('without room the key that was idle the longest goes, and is counted; one of which something waits stays', (t) => {
  const group = groupOf(5);
  for (let low = 0; low < 5; low++) group.passed(group.slotFor(0, low, 0, never), 1_000 - low);
  const stays = group.keys.find(0, 4);
  t.not(
    group.slotFor(0, 9, 1_000, (slot) => slot === stays),
    NO_SLOT,
  );
  t.is(group.forgotten, 1);
  t.is(group.keys.find(0, 3), -1, 'the oldest but one');
  t.is(group.keys.find(0, 4), stays);
  t.is(
    group.slotFor(0, 10, 1_000, () => true),
    NO_SLOT,
  );
  t.is(group.forgotten, 1);
  t.is(group.slotFor(0, 4, 1_000, never), stays, 'a known key needs no room');
});

test('the latest time of a key is the latest that has passed, in whatever order', (t) => {
  const group = groupOf(5);
  const slot = group.slotFor(0, 1, 0, never);
  t.is(group.lastMs(slot), Number.NEGATIVE_INFINITY);
  for (const [timeMs, last] of [
    [5, 5],
    [3, 5],
    [9, 9],
    [9, 9],
  ] as const) {
    group.passed(slot, timeMs);
    t.is(group.lastMs(slot), last);
  }
});
