// A process of its own for work that must cost no record, whatever becomes of it: it may take all
// memory, hang, or abort. It gives way to everything else on the machine, and is the first to go
// where memory runs out.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScorelaneError } from '../base/errors.ts';

/** Of what it says on its way out, the last bytes. */
const WORDS_MAX = 2_000;

/** The process did not do its work, and that says nothing of the work. */
export class NoVerdictError extends ScorelaneError {
  readonly code = 'SCORELANE_NO_VERDICT';
}

export interface HelperEnd {
  /** The signal or the exit code, and the last line that it wrote. */
  readonly text: string;
  /** Nothing in its work can do that: the system does, where memory runs out. */
  readonly isKilled: boolean;
}

export interface HelperProcess {
  tell(message: object): void;
  kill(): void;
  /** Rejects with `NoVerdictError` where it could not begin. */
  readonly ended: Promise<HelperEnd>;
}

/**
 * Starts a module of this folder. It is named and never imported, and runs as TypeScript or built,
 * as this module does. Whoever starts it kills it at the end.
 */
export function startHelper(module: string, onMessage: (message: unknown) => void): HelperProcess {
  const path = new URL(`${module}${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
  const child = fork(fileURLToPath(path), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-WORDS_MAX);
  });
  child.on('message', onMessage);
  giveWay(child);
  const ended = once(child, 'close').then(
    ([code, by]: (number | string | null)[]) => {
      const lastLine = said.trim().split('\n').at(-1) ?? '';
      const text = `${by ?? `exit ${code}`}${lastLine === '' ? '' : `, ${lastLine}`}`;
      return { text, isKilled: by === 'SIGKILL' };
    },
    (error: Error) => {
      throw new NoVerdictError(`the process could not begin: ${error.message}`, { cause: error });
    },
  );
  ended.catch(() => {});
  return {
    ended,
    // A process that ends before it has read the message is told of by its exit.
    tell: (message) => child.connected && child.send(message, () => {}),
    kill: () => child.kill('SIGKILL'),
  };
}

/**
 * Starts one that does a single thing, tells it which, and resolves when it has ended. `onMessage`
 * is given each message, and how to answer. It is killed where the signal comes first: rejects with
 * the signal's reason, and with `NoVerdictError`.
 */
export async function runHelper(
  module: string,
  question: object,
  signal: AbortSignal,
  onMessage: (message: unknown, tell: HelperProcess['tell']) => void,
): Promise<HelperEnd> {
  signal.throwIfAborted();
  const helper = startHelper(module, (message) => onMessage(message, helper.tell));
  signal.addEventListener('abort', helper.kill);
  try {
    helper.tell(question);
    const end = await helper.ended;
    signal.throwIfAborted();
    return end;
  } finally {
    signal.removeEventListener('abort', helper.kill);
    helper.kill();
  }
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
