// Tries a version of a model in a process of its own, as a start does: load, golden records, warm
// up. Whatever is wrong with it costs no record.

import type { Config } from '../config/schema.ts';
import { ModelError } from '../model/model-error.ts';
import { after } from '../time/timer.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import type { CandidateAnswer, CandidateQuestion } from './candidate-main.ts';
import { NoVerdictError, startHelper } from './helper-process.ts';

/** Longer than a thread may take to load a model. */
const TIMEOUT_MS = 180_000;

/**
 * Resolves when the version has passed. Rejects with `ModelError` where it has not, with
 * `NoVerdictError`, and with the signal's reason.
 */
export async function tryCandidate(config: Config, setup: ScorerSetup, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const answers: CandidateAnswer[] = [];
  const helper = startHelper('candidate-main', (message) => answers.push(message as CandidateAnswer));
  let timedOut = false;
  const cancel = after(TIMEOUT_MS, () => {
    timedOut = true;
    helper.kill();
  });
  signal.addEventListener('abort', helper.kill);
  try {
    helper.tell({ config, setup } satisfies CandidateQuestion);
    const { text, isKilled } = await helper.ended;
    const [answer] = answers;
    signal.throwIfAborted();
    // It has the lowest priority: a machine that is full gives it no time.
    if (timedOut) throw new NoVerdictError(`its trial took longer than ${TIMEOUT_MS / 1_000} s`);
    if (answer === undefined && isKilled)
      throw new NoVerdictError('its trial was killed: perhaps memory ran out');
    if (answer === undefined) throw new ModelError(`it ends the process that loads it: ${text}`);
    if (answer.message !== null) throw new ModelError(answer.message);
  } finally {
    cancel();
    signal.removeEventListener('abort', helper.kill);
    helper.kill();
  }
}
