// Asks a thread that holds states. If the thread dies of it, its states are lost too, and the
// engine restores them.

import { StateLostError } from '../worker-protocol/messages.ts';
import { isNotBegun, ScoringError } from './model-host.ts';
import type { StateThread } from './worker-client.ts';

/**
 * `blame` is told why the thread was lost, and returns what the thread was doing. Rejects with
 * `StateLostError` where states are lost.
 */
export async function askForState<T>(
  thread: Pick<StateThread, 'host'>,
  ask: () => Promise<T>,
  blame: (why: string) => string = () => 'between two micro-batches',
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ScoringError || error instanceof StateLostError) throw error;
    const { message } = error as Error;
    // The task was not begun, so its records are not to blame. The loss of the thread was logged
    // before.
    if (!isNotBegun(error)) thread.host.lost(`${message} (${blame(message)})`, error as Error);
    thread.host.recover();
    throw new StateLostError(`the thread with the state was lost: ${message}`, { cause: error });
  }
}
