// Requests of one job: a large one is scored in pieces, and its answer speaks of its own rows.

import test from 'ava';
import type { RequestPool } from '../../src/pool/request-pool.ts';
import { JobRequests } from '../../src/serving/job-requests.ts';

/** A model that refuses the rows that hold this number. */
const REFUSED = 7;
const pool: Pick<RequestPool, 'predict'> = {
  async predict(close) {
    const closed = close();
    if (closed === null) return null;
    const { cells } = closed;
    const rows = [...cells.keys()].filter((row) => cells[row] === REFUSED);
    return { columns: [cells], refused: rows.map((row) => ({ row, message: 'no' })), tookMs: 1 };
  },
};

test('a row that the model refuses has its number in the request, in whichever piece it is', async (t) => {
  const requests = new JobRequests({
    ...{ topic: 'in', deadLetterTopic: 'dead', inflatedBytesMax: 1_000, tensors: [] },
    ...{
      most: { records: 100, bytes: 1_000_000 },
      timeoutMs: 10_000,
      rest: { at: () => 0 },
      onClosed: () => {},
    },
    pool: () => pool as RequestPool,
  });
  for (const row of [0, 255, 256, 299, 999]) {
    const cells = new Float32Array(1_000);
    cells[row] = REFUSED;
    const answer = await requests.predict({ cells, rows: cells.length, texts: [] }, () => false);
    t.deepEqual(answer, { row, refused: 'no' });
  }
});
