// What is done when this process (or worker thread) ends, whether of itself, by an error or by a
// signal that nobody else answers: brokers are ended, folders removed. It changes nothing of how
// the process ends. Nothing is done after SIGKILL, where AVA ends what takes too long, and in a
// thread that is terminated.

import type { ChildProcess } from 'node:child_process';
import { isMainThread } from 'node:worker_threads';

/**
 * AVA ends by SIGTERM what does not end of itself, such as a loop: that has to work there, and
 * would not with a listener.
 */
const SIGNALS = ['SIGINT', 'SIGHUP', ...(process.send === undefined ? ['SIGTERM' as const] : [])] as const;

const ends = new Set<() => void>();
let listens = false;

/** `end` must neither wait nor throw. The last one comes first. Returns what drops it. */
export function atEnd(end: () => void): () => void {
  if (!listens) listen();
  ends.add(end);
  return () => void ends.delete(end);
}

/** Returns the child, which is killed if it is still there then. */
export function endsWithUs<Child extends ChildProcess>(child: Child): Child {
  // One that could not be started has none, and its error is for whoever started it.
  if (child.pid !== undefined)
    child.once(
      'exit',
      atEnd(() => child.kill('SIGKILL')),
    );
  return child;
}

/** Threads get no signals. */
function listen(): void {
  listens = true;
  process.once('exit', endAll);
  if (isMainThread) for (const signal of SIGNALS) process.prependListener(signal, endBy);
}

/** Whoever else listens decides whether and how the process ends. */
function endBy(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  const ignore = (): void => {};
  // On Ctrl-C AVA sends it at once.
  process.on('SIGTERM', ignore);
  endAll();
  process.removeListener('SIGTERM', ignore);
  process.removeListener(signal, endBy);
  process.kill(process.pid, signal);
}

function endAll(): void {
  for (const end of [...ends].reverse()) end();
  ends.clear();
}
