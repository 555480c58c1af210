// The real worker, of a model that takes a second for its golden records.

import type { WorkerRequest, WorkerResponse } from '../../src/scoring/messages.ts';
import answer from '../../src/scoring/worker.ts';

export default function answerSlowly(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  const untilMs = performance.now() + 1_000;
  while (performance.now() < untilMs);
  return answer(request);
}
