// Versions of a model with the same feature plan share its windows on a thread: the next one goes
// on where the last one was, and gives the features that it would give if it had seen all of the
// log.

import test from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { LoadedModel, type StopTheClock } from '../../src/worker/loaded-model.ts';
import { SharedReaders } from '../../src/worker/model-reader.ts';
import { microBatchOf, outputsOf, setupWith } from '../support/model.ts';
import { scoreOne } from '../support/scorer.ts';
import { EACH, features, MODEL, OTHER_PLAN, RECORDS, SAME_PLAN } from '../support/stateful-pool.ts';
import { windowsModel } from '../support/windows-model.ts';

const LANE = { topic: 'in', partition: 0, epoch: 1 };
const stopTheClock: StopTheClock = (_, answer) => answer;

const load = (readers: SharedReaders, { folder }: { readonly folder: string }): Promise<LoadedModel> =>
  LoadedModel.load(setupWith({ modelFolder: folder, features: true, predictRecordsMax: EACH }), 10, {
    readers,
    stopTheClock,
  });

function featuresOf(model: LoadedModel, first: number): string[] {
  const records = RECORDS.slice(first, first + EACH).map((value) => ({ key: 'k', value: { ...value } }));
  const state = { epoch: LANE.epoch, offset: first, scoreFrom: 0, takes: false };
  return outputsOf(scoreOne(model, microBatchOf(records, 'msgpack', first), { state })).map(({ value }) => {
    const bytes = value ?? new Uint8Array(0);
    const { features: row } = codecs.msgpack.decode(bytes, 0, bytes.length) as { features: number[] };
    return row.join();
  });
}

test.serial(
  'a new version goes on with the windows of the one before, also when that is unloaded',
  async (t) => {
    const readers = new SharedReaders();
    const first = await load(readers, MODEL);
    first.manage({ type: 'restore', lane: LANE, from: { offset: 0 } });
    t.deepEqual(featuresOf(first, 0), features.slice(0, EACH));
    const second = await load(readers, SAME_PLAN);
    t.deepEqual(featuresOf(second, EACH), features.slice(EACH, 2 * EACH));
    first.dispose();
    t.deepEqual(featuresOf(second, 2 * EACH), features.slice(2 * EACH, 3 * EACH));
    second.dispose();
    t.is(readers.stateBytes, 0, 'the last one takes them along');
  },
);

test.serial('a version with another plan has windows of its own', async (t) => {
  const readers = new SharedReaders();
  const [first, other] = [await load(readers, MODEL), await load(readers, OTHER_PLAN)];
  first.manage({ type: 'restore', lane: LANE, from: { offset: 0 } });
  featuresOf(first, 0);
  t.throws(() => featuresOf(other, EACH), { code: 'SCORELANE_STATE_LOST' });
  t.deepEqual(featuresOf(first, EACH), features.slice(EACH, 2 * EACH));
  first.dispose();
  other.dispose();
});

test.serial(
  'a version that fails on its golden records leaves nothing behind, and the one before goes on',
  async (t) => {
    const readers = new SharedReaders();
    const first = await load(readers, MODEL);
    first.manage({ type: 'restore', lane: LANE, from: { offset: 0 } });
    featuresOf(first, 0);
    await t.throwsAsync(load(readers, { folder: '/nowhere' }), { code: 'SCORELANE_MODEL' });
    t.deepEqual(featuresOf(first, EACH), features.slice(EACH, 2 * EACH));
    first.dispose();
    t.is(readers.stateBytes, 0);
  },
);

test.serial(
  'where one field of results is all that is read, reasons are not computed for the others',
  async (t) => {
    const more = 'results: [{ as: why, reasons: score, k: 1, effectsAs: effect }]\n';
    const { folder } = windowsModel('\n  - { path: amount }', '{ time: at }', '1', { more });
    const records = RECORDS.slice(0, EACH).map((value) => ({ key: 'k', value: { ...value, amount: 3 } }));
    const fieldsOf = async (onlyField?: string): Promise<string[]> => {
      const setup = setupWith({
        modelFolder: folder,
        idPaths: [],
        ...(onlyField === undefined ? {} : { onlyField }),
      });
      const model = await LoadedModel.load(setup, 10, { readers: new SharedReaders(), stopTheClock });
      const [{ value } = { value: null }] = outputsOf(scoreOne(model, microBatchOf(records, 'msgpack', 0)));
      const bytes = value ?? new Uint8Array(0);
      return Object.keys(codecs.msgpack.decode(bytes, 0, bytes.length) as object);
    };
    t.deepEqual(await fieldsOf(), ['score', 'why', 'effect', 'model', 'version']);
    t.deepEqual(await fieldsOf('score'), ['score', 'model', 'version']);
    t.deepEqual(await fieldsOf('effect'), ['score', 'why', 'effect', 'model', 'version'], 'it is compared');
  },
);
