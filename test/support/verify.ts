// Python with TensorFlow, kept for the next audit: to load it takes five seconds of CPU.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SerialQueue } from '../../src/base/serial-queue.ts';
import { endsWithUs } from '../../tools/at-end.ts';
import { lastWords } from '../../tools/last-words.ts';
import { ensurePython } from '../../tools/python.ts';

interface Verifier {
  readonly child: ChildProcess;
  readonly answers: AsyncIterator<string>;
  readonly said: () => string;
}

let verifier: Promise<Verifier> | undefined;
const queue = new SerialQueue();

/** What verify.py finds with these arguments, as JSON. Rejects with its last words if it ends. */
export const verify = (...args: string[]): Promise<string> => queue.run(() => ask(args));

async function ask(args: readonly string[]): Promise<string> {
  verifier ??= start();
  const { child, answers, said } = await verifier;
  keepsAlive(child, true);
  child.stdin?.write(`${JSON.stringify(args)}\n`);
  const { done, value } = await answers.next();
  keepsAlive(child, false);
  if (done !== true) return value;
  verifier = undefined;
  throw new Error(`verify.py ended:\n${said()}`);
}

/** Whether this process waits for it at its end. */
function keepsAlive(child: ChildProcess, does: boolean): void {
  for (const each of [child, ...(child.stdio as (Socket | null)[])]) {
    if (does) each?.ref();
    else each?.unref();
  }
}

async function start(): Promise<Verifier> {
  const { executable } = await ensurePython();
  const script = join(import.meta.dirname, 'python', 'verify.py');
  const child = endsWithUs(spawn(executable, [script], { stdio: ['pipe', 'pipe', 'pipe'] }));
  // If it has ended, its answer does not come.
  child.stdin.on('error', () => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, answers, said: lastWords(child) };
}
