// The real worker, but for records whose key asks for trouble: it exits (always, or if a version is
// tried on them), never comes back, throws what nobody thought of, or keeps tensors or memory for
// good. And where the environment says so it
// does not begin.

import { scalar } from '@tensorflow/tfjs-core';
import { splitRecordBatches } from '../../src/log/record-batch.ts';
import type { Trial } from '../../src/scoring/trial.ts';
import answer from '../../src/worker/main.ts';
import type { ScorePart, WorkerRequest, WorkerResponse } from '../../src/worker-protocol/messages.ts';
import { recordsIn } from '../support/records.ts';

if (process.env.SCORELANE_TEST_BEGINS === 'never') throw new Error('it never begins');

const kept: Buffer[] = [];

export default function answerWithFaults(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  if (request.type === 'score') {
    let byteAt = 0;
    for (const part of request.parts) {
      if (part.verdict === null)
        meet(part, request.trials ?? [], new Uint8Array(request.bytes, byteAt, part.byteLength));
      byteAt += part.byteLength;
    }
  }
  return answer(request);
}

function meet({ first, until }: ScorePart, trials: readonly Trial[], bytes: Uint8Array): void {
  for (const batch of splitRecordBatches(bytes)) {
    for (const { key, offset } of recordsIn(batch)) {
      if (offset < first || offset >= until) continue;
      if (key === 'exit' || (key === 'tried' && trials.length > 0)) process.exit(3);
      if (key === 'tensors') for (let each = 0; each < 1_000; each++) scalar(each);
      if (key === 'memory') kept.push(Buffer.alloc(20 * 2 ** 20));
      if (key === 'throw') throw new TypeError('nobody thought of this');
      while (key === 'hang') Math.sqrt(offset);
    }
  }
}
