// What must hold for the process before anything else is loaded. Imported first by main.ts.

import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

// TensorFlow reads these once, when it loads: one thread for each call, as the pool of workers is
// the parallelism. The threads that calls run on are shared by all sessions of the process: with
// one of them two workers took turns (docs/decisions/0010).
process.env.TF_NUM_INTRAOP_THREADS ??= '1';
process.env.TF_NUM_INTEROP_THREADS ??= String(Math.max(2, availableParallelism()));
process.env.OMP_NUM_THREADS ??= '1';
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

// msgpackr's native reader of strings costs more than it saves where strings are short field names.
// Measured: a map of 32 fields in 4.4 us without it, 5.7 us with it.
process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED ??= 'true';

// V8 collects the whole heap after every 32 MB of buffers allocated outside of it, which is some
// fifteen times a second here; so counted, buffers and heap share one limit. Measured: 1.5 times
// the throughput (docs/decisions/0006).
setFlagsFromString('--external-memory-accounted-in-global-limit');

// kafkajs 2.2.4 sets negative timers; Node 24 warns of each. Every other warning is shown.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning')
    process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

/** What went wrong on standard output first: a full disk, a pipe that nobody reads any more. */
export const output: { failure: NodeJS.ErrnoException | null } = { failure: null };

// Node ends a process whose output cannot be written. A daemon scores on without it: nobody is to
// lose records for a line of text. Of standard error there is nothing to be told, and nowhere to
// tell it.
process.stdout.on('error', (error) => {
  if (output.failure === null) process.stderr.write(`scorelane: standard output is lost: ${error.message}\n`);
  output.failure ??= error;
});
process.stderr.on('error', () => {});
