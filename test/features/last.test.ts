// The last values of a key, as inputs of recurrent and convolutional models: padded, the oldest
// first, several fields step by step, in flat memory. That they are right for all records is held
// against a naive implementation in windows.test.ts.

import test from 'ava';
import { planInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import { oneTensor } from '../../src/model/tensor-spec.ts';

const planFor = (inputs: readonly unknown[], state: unknown = { time: 'at', ahead: 'unbounded' }) =>
  new StatefulPlan(
    inputs.map((input) => planInput.parse(input)),
    stateSchema.parse(state),
  );

/** The row of each record, all of one customer unless it says otherwise. */
const rowsOf = (plan: StatefulPlan, records: readonly Record<string, unknown>[]): number[][] =>
  records.map((record) => {
    const row = new Float32Array(plan.width);
    const rejection = plan.fill({ customer: 'a', ...record }, row, 0, 0);
    return rejection === null ? [...row] : [];
  });

test('last gives the last values of the key, the oldest first, with its own, padded in front', (t) => {
  const plan = planFor([{ window: { function: 'last', of: 'amount', by: 'customer', count: 3 } }]);
  const records = [10, 20, 30, 40].map((amount, index) => ({ amount, at: 1_000 * index }));
  t.deepEqual(rowsOf(plan, records), [
    [0, 0, 10],
    [0, 10, 20],
    [10, 20, 30],
    [20, 30, 40],
  ]);
  t.deepEqual(rowsOf(plan, [{ customer: 'b', amount: 7, at: 4_000 }]), [[0, 0, 7]]);
});

test('several fields stand step by step, as a recurrent model takes them, scaled, and so does what pads', (t) => {
  const window = { function: 'last', of: ['x', 'y'], by: 'customer', count: 2, empty: -1 };
  const input = { window, mean: 1, std: 2 };
  const records = [
    { x: 3, y: 5, at: 1 },
    { x: 7, y: 9, at: 2 },
  ];
  t.deepEqual(rowsOf(planFor([{ path: 'x' }, input]), records), [
    [3, -1, -1, 1, 2],
    [7, 1, 2, 3, 4],
  ]);
  const { tensors } = oneTensor([planInput.parse(input)], (_, message) => t.fail(message));
  t.deepEqual(tensors[0]?.shape, [2, 2], 'the shape of the tensor is [steps, fields]');
});

test('records within the grace come in the order of their times, and what is older than size is left out', (t) => {
  const window = { function: 'last', of: 'amount', by: 'customer', count: 4, size: '10s' };
  const plan = planFor([{ window }], { time: 'at', ahead: 'unbounded', grace: '5s' });
  const records = [
    { amount: 1, at: 10_000 },
    { amount: 3, at: 13_000 },
    { amount: 2, at: 12_000 },
    { amount: 4, at: 13_000 },
    { amount: 5, at: 22_500 },
    { amount: 0, at: 9_000 },
  ];
  t.deepEqual(rowsOf(plan, records), [
    [0, 0, 0, 1],
    [0, 0, 1, 3],
    [0, 0, 1, 2],
    [1, 2, 3, 4],
    [0, 3, 4, 5],
    [0, 0, 0, 0],
  ]);
  t.is(plan.counts.late, 1);
});

test('the memory does not grow with the records, and windows of one key share a ring', (t) => {
  const last = (of: string, count: number) => ({ window: { function: 'last', of, by: 'customer', count } });
  const bytesAfter = (inputs: readonly unknown[], records: number): number => {
    const plan = planFor(inputs);
    for (let index = 0; index < records; index++)
      rowsOf(plan, [{ customer: index % 10, amount: index, age: 1, at: index }]);
    return plan.state.bytes;
  };
  const one = bytesAfter([last('amount', 20)], 1_000);
  t.is(bytesAfter([last('amount', 20)], 10_000), one);
  t.is(bytesAfter([last('amount', 20), last('amount', 5)], 1_000), one);
  t.is(bytesAfter([last('amount', 20), last('age', 20)], 1_000) - one, 16 * 20 * 8 + 64 * 8 + 64 * 4);
});
