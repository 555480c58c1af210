// Some native code ends the whole process if its thread is ended while it is in a call: it calls
// into JavaScript when it is done, and there is none any more. So whoever ends a thread waits until
// the thread is outside of such calls, and the thread begins no other (docs/decisions/0024). Both
// sides first write and then read, so one of them always sees the other.

import { threadId } from 'node:worker_threads';

/** Shared memory of a thread and of who may end it. */
export type Guard = Int32Array<SharedArrayBuffer>;

/** 1 while the thread is in such a call. */
const INSIDE = 0;
/** The id of the thread that is about to be ended, or one of these two. */
const ENDING = 1;
const NOBODY = 0;
const EVERYBODY = -1;

let own: Guard | undefined;

/** Called once by a thread, before its first call. */
export function guardThread(guard: Guard): void {
  own = guard;
  // The thread before it may have died in a call.
  Atomics.store(own, INSIDE, 0);
}

/** Makes the call, unless the thread is about to be ended: then it waits for that. */
export function uninterrupted<T>(call: () => T): T {
  if (own === undefined) return call();
  enter(own);
  try {
    return call();
  } finally {
    leave(own);
  }
}

function enter(guard: Guard): void {
  for (;;) {
    Atomics.store(guard, INSIDE, 1);
    const ending = Atomics.load(guard, ENDING);
    if (ending !== threadId && ending !== EVERYBODY) return;
    leave(guard);
    Atomics.wait(guard, ENDING, ending);
  }
}

function leave(guard: Guard): void {
  Atomics.store(guard, INSIDE, 0);
  Atomics.notify(guard, INSIDE);
}

/** Those of all threads that this thread may end. */
const guards = new Set<Guard>();
/** No call takes so long, unless it hangs. */
const EXIT_MS_MAX = 10_000;

let hearsExit = false;

export function newGuard(): Guard {
  if (!hearsExit) process.on('exit', awaitAll);
  hearsExit = true;
  const guard: Guard = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  guards.add(guard);
  return guard;
}

/** The exit of a process ends its threads too. */
function awaitAll(): void {
  for (const guard of guards) Atomics.store(guard, ENDING, EVERYBODY);
  for (const guard of guards) Atomics.wait(guard, INSIDE, 1, EXIT_MS_MAX);
}

/**
 * From now on the thread begins no such call. Returns null if it is in none, else what resolves
 * when it has left it.
 */
export function keepOutside(guard: Guard, id: number): Promise<void> | null {
  Atomics.store(guard, ENDING, id);
  return Atomics.load(guard, INSIDE) === 0 ? null : left(guard);
}

async function left(guard: Guard): Promise<void> {
  while (Atomics.load(guard, INSIDE) === 1) await Atomics.waitAsync(guard, INSIDE, 1).value;
}

/** The thread is not to be ended after all. */
export function letIn(guard: Guard): void {
  Atomics.store(guard, ENDING, NOBODY);
  Atomics.notify(guard, ENDING);
}

/** The thread has been ended, and none takes its place. */
export const dropGuard = (guard: Guard): void => void guards.delete(guard);
