// Signals, from the first moment on. Those to end that come before the command is known are
// remembered until it has its own answer. The first process of a container hears no signal at all
// without one who listens; of others one that nobody listens to would be the end.

import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type Signal = (typeof SIGNALS)[number];

/** What a shell says of a process that was ended by a signal. */
const BY_SIGNAL = 128;

/** Asks for a dump of the state. SIGUSR1 is Node's own. */
const DUMP_SIGNAL = 'SIGUSR2';
let dumpNow: () => void = () => {};

const early: Signal[] = [];
let answerNow: ((name: Signal) => void) | undefined;

/**
 * The listeners stay for good: a signal that came while modules were evaluated waits for the event
 * loop, and would be lost with the last one who listens.
 */
export function rememberSignals(): void {
  process.on(DUMP_SIGNAL, () => dumpNow());
  for (const name of SIGNALS)
    process.on(name, () => {
      if (answerNow === undefined) early.push(name);
      else answerNow(name);
    });
}

/** To dump its state is no reason to end: a process that has none to dump hears it too. */
export function answerDumpSignal(answer: () => void): void {
  dumpNow = answer;
}

/** In place of every answer before; also to what came early. */
export function answerSignals(answer: (name: Signal) => void): void {
  answerNow = answer;
  for (const name of early.splice(0)) answer(name);
}

/** The answer of what has nothing in flight. */
export const endAtOnce = (name: Signal): void => process.exit(BY_SIGNAL + constants.signals[name]);
