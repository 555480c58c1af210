// A snapshot is the state, to the bit, or it is refused.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { planInput } from '../../../src/features/spec.ts';
import { StatefulPlan } from '../../../src/features/stateful-plan.ts';
import { stateSchema } from '../../../src/features/window-spec.ts';
import { LaneStates } from '../../../src/worker/states/lane-states.ts';
import { SnapshotError } from '../../../src/worker/states/snapshot-file.ts';
import { tempFolder } from '../../../tools/temp-folder.ts';
import { runs } from '../../support/runs.ts';
import { history } from '../../support/windows-model.ts';

const INPUTS = [
  { path: 'amount' },
  { window: { function: 'count', by: 'customer', size: '1d' } },
  { window: { function: 'variance', by: 'customer', of: 'amount', size: '7d' } },
  { window: { function: 'max', by: 'terminal', of: 'amount', size: '7d', delay: '1d' } },
  { window: { function: 'distinct', by: 'customer', of: 'terminal', size: '1d', hop: '1h' } },
  { window: { function: 'timeSinceLast', size: '30d', empty: -1 } },
].map((input) => planInput.parse(input));
const STATE = stateSchema.parse({ time: 'at', grace: '2h', keys: 60 });
const LANE = { topic: 'in', partition: 3, epoch: 1 };
const RECORDS = history(12, 40);

const newStates = (plan = 'plan'): LaneStates => new LaneStates(() => new StatefulPlan(INPUTS, STATE), plan);
const upTo = (notAfter: number) => ({ notBefore: 0, notAfter });
const file = (): string => join(tempFolder('snapshot'), 'in-3.state');

/** Puts records into the lane's state, and returns their features. */
function put(states: LaneStates, first: number, until: number): string[] {
  states.use(LANE, first);
  const row = new Float32Array(states.width);
  const rows = RECORDS.slice(first, until).map((record) => {
    const rejection = states.fill(record, row, 0, record.at, Buffer.from(record.customer));
    return rejection === null ? row.join() : rejection.code;
  });
  states.putBack(LANE, until);
  return rows;
}

test('a state that went through a file goes on as if it had not, wherever it was cut', (t) => {
  fc.assert(
    fc.property(fc.nat(RECORDS.length - 1), (cut) => {
      const [whole, before, after] = [newStates(), newStates(), newStates()];
      whole.begin(LANE, 0);
      before.begin(LANE, 0);
      const wanted = put(whole, 0, RECORDS.length);
      put(before, 0, cut);
      const path = file();
      const { offset, bytes } = before.snapshot(LANE, path);
      t.is(offset, cut);
      t.is(bytes, readFileSync(path).length);
      t.is(after.restore(LANE, path, upTo(cut)), cut);
      t.deepEqual(put(after, cut, RECORDS.length), wanted.slice(cut));
    }),
    runs(25),
  );
});

test('a file with any byte changed, or cut off anywhere, is refused', (t) => {
  const states = newStates();
  states.begin(LANE, 0);
  put(states, 0, 8);
  const path = file();
  states.snapshot(LANE, path);
  const bytes = readFileSync(path);
  const damaged = join(path, '..', 'damaged');
  const refuse = (given: Uint8Array): void => {
    writeFileSync(damaged, given);
    t.throws(() => newStates().restore(LANE, damaged, upTo(100)), { instanceOf: SnapshotError });
  };
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      refuse(bytes.map((byte, index) => (index === at ? byte ^ flip : byte)));
      refuse(bytes.subarray(0, at));
    }),
    runs(300),
  );
  refuse(Buffer.concat([bytes, Buffer.from('x')]));
});

test('a snapshot of another partition or plan, from later on, or that is not there, is refused in words', (t) => {
  const states = newStates();
  states.begin(LANE, 0);
  put(states, 0, 8);
  const path = file();
  states.snapshot(LANE, path);
  const refused = (words: RegExp, act: () => unknown): void => {
    t.throws(act, { instanceOf: SnapshotError, message: words });
  };
  const remade = { ...LANE, incarnation: 'made again' };
  refused(/of incarnation null, expected made again/, () => newStates().restore(remade, path, upTo(8)));
  refused(/of partition 3, expected 4/, () => newStates().restore({ ...LANE, partition: 4 }, path, upTo(8)));
  refused(/of plan plan, expected other/, () => newStates('other').restore(LANE, path, upTo(8)));
  refused(/offset 8, later than 7/, () => newStates().restore(LANE, path, upTo(7)));
  refused(/offset 8, and all that is needed begins at 9/, () =>
    newStates().restore(LANE, path, { notBefore: 9, notAfter: 20 }),
  );
  refused(/ENOENT/, () => newStates().restore(LANE, `${path}x`, upTo(8)));
});

test('a state that was left in the middle, is of another ownership, or stands elsewhere is lost', (t) => {
  const states = newStates();
  const lost = { code: 'SCORELANE_STATE_LOST' };
  t.throws(() => states.use(LANE, 0), lost);
  states.begin(LANE, 0);
  t.throws(() => states.use({ ...LANE, epoch: 2 }, 0), lost);
  t.throws(() => states.use(LANE, 1), lost);
  t.throws(() => states.use(LANE, 0), lost, 'what was found elsewhere is not put back');
  states.begin(LANE, 5);
  states.use(LANE, 5);
  t.throws(() => states.use(LANE, 5), lost, 'it was not put back');
});
