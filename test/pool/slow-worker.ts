// The real worker, of a model that takes a second for its golden records.

import answer from '../../src/worker/main.ts';
import type { WorkerRequest, WorkerResponse } from '../../src/worker-protocol/messages.ts';

export default function answerSlowly(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  const untilMs = performance.now() + 1_000;
  while (performance.now() < untilMs);
  return answer(request);
}
