// What a thread has seen of trials is told to the job whose trials they are.

import test from 'ava';
import type { Trial } from '../../src/scoring/trial.ts';
import { RunningTrials } from '../../src/worker/predict/running-trials.ts';
import type { TriedModel } from '../../src/worker/predict/tried-model.ts';

const MODEL = { fields: [] } as unknown as TriedModel;
const trial = (deployment: string): Trial => ({ deployment, kind: 'canary', share: 0.5 });

test('jobs that share a thread are told of their own trials, now and then, and nothing is lost meanwhile', (t) => {
  const trials = new RunningTrials(() => MODEL);
  const [ours] = trials.of({ deployment: 'a/m@1', trials: [trial('a/m@2')] });
  const [theirs] = trials.of({ deployment: 'b/m@1', trials: [trial('b/m@2')] });
  const seen = (serving: string, nowMs: number) =>
    trials.take(serving, nowMs).map(({ deployment, records }) => [deployment, records]);
  ours?.tally.predicted(3, 1);
  theirs?.tally.predicted(5, 1);
  t.deepEqual(seen('b/m@1', 1_000), [['b/m@2', 5]]);
  t.deepEqual(seen('a/m@1', 1_001), [['a/m@2', 3]]);
  ours?.tally.predicted(1, 1);
  t.deepEqual(seen('a/m@1', 1_002), [], 'it was told a moment ago');
  ours?.tally.predicted(1, 1);
  t.deepEqual(seen('a/m@1', 2_000), [['a/m@2', 2]]);
});
