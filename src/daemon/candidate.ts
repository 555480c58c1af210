// Tries a version of a model in a process of its own, as a start does: load, golden records, warm
// up. Whatever is wrong with it costs no record: it may take all memory, hang, or abort. The
// process gives way to everything else on the machine, and is the first to go where memory runs
// out.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScorelaneError } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import { ModelError } from '../model/model-error.ts';
import { after } from '../time/timer.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import type { CandidateAnswer, CandidateQuestion } from './candidate-main.ts';

/** It is named and never imported, and runs as TypeScript or built, as this module does. */
const MAIN = fileURLToPath(
  new URL(`candidate-main${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);
/** Longer than a thread may take to load a model. */
const TIMEOUT_MS = 180_000;
/** Of what it says on its way out, the last bytes. */
const WORDS_MAX = 2_000;

/** The trial says nothing of the version: another one may end otherwise. */
export class NoVerdictError extends ScorelaneError {
  readonly code = 'SCORELANE_NO_VERDICT';
}

/**
 * Resolves when the version has passed. Rejects with `ModelError` where it has not, with
 * `NoVerdictError`, and with the signal's reason.
 */
export async function tryCandidate(config: Config, setup: ScorerSetup, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = fork(MAIN, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let timedOut = false;
  const cancel = after(TIMEOUT_MS, () => {
    timedOut = true;
    child.kill('SIGKILL');
  });
  const kill = (): boolean => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  try {
    const { answer, ending, isKilled } = await ask(child, { config, setup });
    signal.throwIfAborted();
    if (timedOut) throw new ModelError(`its trial took longer than ${TIMEOUT_MS / 1_000} s`);
    // Nothing in the version can do that: the system does, where memory runs out.
    if (answer === null && isKilled) throw new NoVerdictError('its trial was killed: perhaps memory ran out');
    if (answer === null) throw new ModelError(`it ends the process that loads it: ${ending}`);
    if (answer.message !== null) throw new ModelError(answer.message);
  } finally {
    cancel();
    signal.removeEventListener('abort', kill);
    child.kill('SIGKILL');
  }
}

/** Its answer, or how it ended without one. */
async function ask(
  child: ChildProcess,
  question: CandidateQuestion,
): Promise<{
  readonly answer: CandidateAnswer | null;
  readonly ending: string;
  readonly isKilled: boolean;
}> {
  let answer: CandidateAnswer | null = null;
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-WORDS_MAX);
  });
  child.on('message', (message) => {
    answer = message as CandidateAnswer;
  });
  const closed = once(child, 'close').catch((error: Error) => {
    throw new NoVerdictError(`its trial could not begin: ${error.message}`, { cause: error });
  });
  giveWay(child);
  // A process that ends before it has read the question is told of by its exit.
  child.send(question, () => {});
  const [code, by] = (await closed) as [number | null, string | null];
  const lastLine = said.trim().split('\n').at(-1) ?? '';
  const isKilled = by === 'SIGKILL';
  return { answer, isKilled, ending: `${by ?? `exit ${code}`}${lastLine === '' ? '' : `, ${lastLine}`}` };
}

/** The scores of others come first. */
function giveWay({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // Not Linux, not allowed, or gone already: then it has what the system gives it.
  }
}
