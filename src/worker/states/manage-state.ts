// Requests to the states of a worker, except to score with them.

import type { StateRequest, WorkerResponse } from '../../worker-protocol/messages.ts';
import type { LaneStates } from './lane-states.ts';

/** Throws `StateLostError`, `SnapshotError`, and what writing files throws. */
export function manageState(states: LaneStates, request: StateRequest): WorkerResponse {
  const { lane } = request;
  switch (request.type) {
    case 'restore': {
      const { from } = request;
      if ('file' in from) return { type: 'restored', offset: states.restore(lane, from.file, from) };
      states.begin(lane, from.offset);
      return { type: 'restored', offset: from.offset };
    }
    case 'snapshot':
      return { type: 'snapshot', ...states.snapshot(lane, request.file) };
    case 'latest':
      return { type: 'latest', latestMs: states.latestMs(lane) };
    case 'forget':
      states.forget(lane);
      return { type: 'forgotten' };
  }
}
