// A worker that takes half a second for everything, without work.

import type { WorkerRequest, WorkerResponse } from '../../src/worker-protocol/messages.ts';

const nobody = new Int32Array(new SharedArrayBuffer(4));

export default function answerRested(_request: WorkerRequest): WorkerResponse {
  Atomics.wait(nobody, 0, 0, 500);
  return { type: 'unloaded' };
}
