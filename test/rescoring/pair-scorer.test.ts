// Two versions are driven as one scorer: each is given the records that it needs, once, and none
// outside of the range; and what they answer goes on together, and is released to whom it belongs.

import test from 'ava';
import { type NextOffset, startingAt } from '../../src/log/offset.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { PairBatch, PairScorer, StatefulPairScorer } from '../../src/rescoring/pair-scorer.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { NO_OUTCOME, type Outcome } from '../../src/scoring/outcome.ts';
import type { Scorer, StatefulScorer } from '../../src/scoring/ports.ts';

const LANE = { topic: 'input', partition: 0, epoch: 1 };
const RANGES = [{ from: 0, until: 95 }];

const BATCH: ResultBatch = { topic: 'results', partition: 0, bytes: new Uint8Array(0), recordCount: 1 };

interface Fake extends Scorer {
  /** What it was asked: first, next, scoreFrom. */
  readonly asked: (readonly [number, number, number | undefined])[];
  readonly released: ResultBatch[];
}

function fake(name: string): Fake {
  const asked: Fake['asked'] = [];
  const released: ResultBatch[] = [];
  const output = (of: string): ResultBatch => ({ ...BATCH, topic: `${name}-${of}` });
  return {
    asked,
    released,
    scoreTogether: (microBatches) =>
      microBatches.map(async ({ first, next, scoreFrom }) => {
        asked.push([first, next, scoreFrom]);
        return { ...NO_OUTCOME, scored: next - first, outputs: [output('results')], resultBatches: 1 };
      }),
    mend: async (_, outcome) => ({ ...outcome, deadLetters: 1, outputs: [output('mended')] }),
    release: (outputs) => released.push(...outputs),
  };
}

const withStates = (scorer: Fake, standsAt: number): Fake & StatefulScorer => ({
  ...scorer,
  restore: async () => startingAt(standsAt),
  forget: () => {},
  committed: () => {},
});

const microBatch = (first: number, next: number, scoreFrom?: number): MicroBatch => ({
  ...LANE,
  id: 1,
  first: startingAt(first),
  next: startingAt(next),
  batches: [],
  trigger: 'full',
  ...(scoreFrom === undefined ? {} : { scoreFrom: startingAt(scoreFrom) }),
});

const score = (scorer: Scorer, given: MicroBatch): Promise<Outcome> =>
  scorer.scoreTogether([given])[0] as Promise<Outcome>;

test('both versions score the same records, and one outcome carries both', async (t) => {
  const [one, other] = [fake('one'), fake('other')];
  const outcome = await score(new PairScorer([one, other], RANGES), microBatch(10, 20));
  t.deepEqual([one.asked, other.asked], [[[10, 20, undefined]], [[10, 20, undefined]]]);
  t.is(outcome.scored, 10, 'counted once');
  const { pair } = PairBatch.in(outcome.outputs);
  t.is(pair.candidate.outputs[0]?.topic, 'one-results');
  t.is(pair.baseline?.outputs[0]?.topic, 'other-results');
});

test('records behind the range are not scored, where a record batch goes on behind it', async (t) => {
  const one = fake('one');
  const scorer = new PairScorer([one], RANGES);
  await score(scorer, microBatch(90, 100));
  await score(scorer, microBatch(95, 100));
  t.deepEqual(one.asked, [[90, 95, undefined]]);
});

test('a version whose windows begin later is fed from there; one without windows is fed nothing', async (t) => {
  const [long, short, none] = [fake('long'), fake('short'), fake('none')];
  const scorer = new StatefulPairScorer([withStates(long, 20), withStates(short, 45)], RANGES);
  t.is(
    await scorer.restore(LANE, startingAt(50)),
    20 as NextOffset,
    'the engine begins with the earlier one',
  );
  for (const [first, next] of [
    [20, 40],
    [40, 60],
  ] as const)
    await score(scorer, microBatch(first, next, 50));
  t.deepEqual(long.asked, [
    [20, 40, 50],
    [40, 60, 50],
  ]);
  t.deepEqual(short.asked, [[45, 60, 50]]);

  const mixed = new StatefulPairScorer([none, withStates(long, 20)], RANGES);
  await mixed.restore(LANE, startingAt(50));
  await score(mixed, microBatch(20, 40, 50));
  await score(mixed, microBatch(40, 60, 50));
  t.deepEqual(none.asked, [[50, 60, undefined]]);
});

test('buffers go back to the version that they came from, but those that somebody still reads', async (t) => {
  const [one, other] = [fake('one'), fake('other')];
  const scorer = new PairScorer([one, other], RANGES);
  const { outputs } = await score(scorer, microBatch(0, 10));
  scorer.release(outputs);
  t.deepEqual(
    [one.released, other.released].map((all) => all.map(({ topic }) => topic)),
    [['one-results'], ['other-results']],
  );
  const held = await score(scorer, microBatch(10, 20));
  const batch = PairBatch.in(held.outputs);
  batch.held = new Set(batch.pair.candidate.outputs);
  scorer.release(held.outputs);
  t.is(one.released.length, 1);
  t.is(other.released.length, 2);
});

test('refused results of the candidate are mended, and the other version stays as it was', async (t) => {
  const [one, other] = [fake('one'), fake('other')];
  const scorer = new PairScorer([one, other], RANGES);
  const before = await score(scorer, microBatch(0, 10));
  const after = await scorer.mend(microBatch(0, 10), before, []);
  t.is(after.deadLetters, 1);
  const { pair } = PairBatch.in(after.outputs);
  t.is(pair.candidate.outputs[0]?.topic, 'one-mended');
  t.is(pair.baseline, PairBatch.in(before.outputs).pair.baseline);
});

test('a version beside is asked for with the candidate, and its outcome is that of the baseline', async (t) => {
  const one = fake('one');
  const asked: (string | undefined)[] = [];
  const beside: Outcome = { ...NO_OUTCOME, scored: 7, outputs: [{ ...BATCH, topic: 'beside' }] };
  const scorer = new PairScorer(
    [
      {
        ...one,
        scoreTogether: (microBatches) =>
          one.scoreTogether(microBatches).map(async (outcome, index) => {
            asked.push(microBatches[index]?.beside);
            return { ...(await outcome), beside };
          }),
      },
    ],
    [...RANGES, { from: 0, until: 0 }],
    'baseline/m@1',
  );
  const [first, outside] = scorer.scoreTogether([microBatch(10, 20), { ...microBatch(0, 9), partition: 1 }]);
  const outcome = (await first) as Outcome;
  t.deepEqual(asked, ['baseline/m@1'], 'only what is in the range, in one task');
  t.is(PairBatch.in(outcome.outputs).pair.baseline, beside);
  t.is(PairBatch.in(((await outside) as Outcome).outputs).pair.candidate.scored, 0);
  scorer.release(outcome.outputs);
  t.deepEqual(
    one.released.map(({ topic }) => topic),
    ['one-results', 'beside'],
  );
});
