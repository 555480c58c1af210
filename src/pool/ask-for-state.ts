// Asks a thread that holds states. If that costs the thread, they are lost with it, and the engine has them restored.

import { NotLoadedError, StateLostError } from '../worker-protocol/messages.ts';
import { ScoringError } from './model-host.ts';
import type { WorkerClient } from './worker-client.ts';
import { ThreadRetiredError } from './worker-thread.ts';

/** `blame` hears what was said of the loss, and says what was being done. Rejects with `StateLostError` where states are lost. */
export async function askForState<T>(
  thread: WorkerClient,
  ask: () => Promise<T>,
  blame: (words: string) => string = () => 'between two micro-batches',
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ScoringError || error instanceof StateLostError) throw error;
    const { message } = error as Error;
    // What was not begun says nothing of the records; the loss before it was told.
    if (!(error instanceof ThreadRetiredError || error instanceof NotLoadedError))
      thread.host.lost(`${message} (${blame(message)})`, error as Error);
    thread.host.recover();
    throw new StateLostError(`the thread with the state was lost: ${message}`, { cause: error });
  }
}
