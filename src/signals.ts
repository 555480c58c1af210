// Listens to signals from the first moment on. If a signal to end comes before the command is
// known, it is remembered until the command has set its own answer. Without a listener the first
// process of a container ignores such signals, and any other process is ended by them.

import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
export type Signal = (typeof SIGNALS)[number];

/**
 * The exit code for a process that was ended by a signal is this number plus the signal, as in a
 * shell.
 */
const BY_SIGNAL = 128;

/** Asks for a dump of the state. SIGUSR1 is Node's own. */
const DUMP_SIGNAL = 'SIGUSR2';
let dumpNow: () => void = () => {};

/** Asks `run` to read its configuration again. Others it ends: their terminal is gone. */
const RELOAD_SIGNAL = 'SIGHUP';
let reloadNow: (() => void) | undefined;
let reloadIsWanted = false;

const early: Signal[] = [];
let answerNow: ((name: Signal) => void) | undefined;

/**
 * The listeners are never removed: a signal that comes while modules are evaluated waits for the
 * event loop, and would be lost without a listener.
 */
export function rememberSignals(command: string | undefined): void {
  if (command === 'run')
    process.on(RELOAD_SIGNAL, () => {
      if (reloadNow === undefined) reloadIsWanted = true;
      else reloadNow();
    });
  process.on(DUMP_SIGNAL, () => dumpNow());
  for (const name of SIGNALS)
    process.on(name, () => {
      if (answerNow === undefined) early.push(name);
      else answerNow(name);
    });
}

/**
 * Sets what the dump signal does. A process without a state to dump ignores that signal: it must
 * not end.
 */
export function answerDumpSignal(answer: () => void): void {
  dumpNow = answer;
}

/** Sets what SIGHUP does to `run`. One that came early is answered now. */
export function answerReloadSignal(answer: () => void): void {
  reloadNow = answer;
  if (reloadIsWanted) answer();
  reloadIsWanted = false;
}

/**
 * Sets the answer to signals in place of earlier answers. It is also given the signals that came
 * early.
 */
export function answerSignals(answer: (name: Signal) => void): void {
  answerNow = answer;
  for (const name of early.splice(0)) answer(name);
}

/** The exit code of a command that a signal ended. */
export const exitCodeBy = (name: Signal): number => BY_SIGNAL + constants.signals[name];

/** The answer of commands with nothing in flight. */
export const endAtOnce = (name: Signal): void => process.exit(exitCodeBy(name));
