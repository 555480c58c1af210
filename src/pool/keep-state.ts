// What becomes of the state of a lane that its thread is to forget, if it is whole: a last
// snapshot, or a file for the way back where the lane goes on with another plan.

import type { PreparedStates } from './prepared-states.ts';
import type { StatefulLane } from './stateful-lane.ts';
import type { StateThread } from './worker-client.ts';

export async function forgetState(thread: StateThread, { address }: StatefulLane): Promise<void> {
  await thread.ask({ type: 'forget', lane: address });
}

/** After everything that waits for the lane. */
export async function endState(thread: StateThread, lane: StatefulLane): Promise<void> {
  await lane.queue.idle();
  if (lane.unproven === undefined) await lane.snapshots.finish(thread);
  await forgetState(thread, lane);
}

/** After the tasks that the thread was given before. */
export async function keepState(
  thread: StateThread,
  lane: StatefulLane,
  prepared: PreparedStates,
): Promise<void> {
  const { address, plan, unproven } = lane;
  try {
    if (plan !== undefined && unproven === undefined) {
      const store = prepared.storeOf(plan);
      const file = store.draft(address);
      try {
        await thread.ask({ type: 'snapshot', lane: address, file });
        await store.publish(file, address);
      } finally {
        await store.discard(file);
      }
    }
  } finally {
    await forgetState(thread, lane);
  }
}
