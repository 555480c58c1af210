// Tries a version of a model in a process of its own, as a start does: load, golden records, warm
// up. Whatever is wrong with it costs no record.

import type { Config } from '../config/schema.ts';
import { ModelError } from '../model/model-error.ts';
import { after } from '../time/timer.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import type { CandidateAnswer, CandidateQuestion } from './candidate-main.ts';
import { NoVerdictError, runHelper } from './helper-process.ts';

/** Longer than a thread may take to load a model. */
const TIMEOUT_MS = 180_000;

/**
 * Resolves when the version has passed. Rejects with `ModelError` where it has not, with
 * `NoVerdictError`, and with the signal's reason.
 */
export async function tryCandidate(config: Config, setup: ScorerSetup, signal: AbortSignal): Promise<void> {
  const question: CandidateQuestion = { config, setup };
  const answers: CandidateAnswer[] = [];
  // It has the lowest priority: a machine that is full gives it no time.
  const late = new AbortController();
  const cancel = after(TIMEOUT_MS, () =>
    late.abort(new NoVerdictError(`its trial took longer than ${TIMEOUT_MS / 1_000} s`)),
  );
  try {
    const ends = AbortSignal.any([signal, late.signal]);
    const { text, isKilled } = await runHelper('candidate-main', question, ends, (message) =>
      answers.push(message as CandidateAnswer),
    );
    const [answer] = answers;
    if (answer === undefined && isKilled)
      throw new NoVerdictError('its trial was killed: perhaps memory ran out');
    if (answer === undefined) throw new ModelError(`it ends the process that loads it: ${text}`);
    if (answer.message !== null) throw new ModelError(answer.message);
  } finally {
    cancel();
  }
}
