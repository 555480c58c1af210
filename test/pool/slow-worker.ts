// The real worker, of a model that takes longer for its golden records than a busy machine holds up
// a process: a deadline is noticed.

import answer from '../../src/worker/main.ts';
import type { WorkerRequest, WorkerResponse } from '../../src/worker-protocol/messages.ts';

export default function answerSlowly(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  const untilMs = performance.now() + 5_000;
  while (performance.now() < untilMs);
  return answer(request);
}
