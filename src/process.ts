// What must hold for the process before anything else is loaded. Imported first by main.ts.

import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { liveLine } from './telemetry/live-line.ts';

// TensorFlow reads these once, when it is loaded. Each call gets one thread, because the worker
// pool already works in parallel. All sessions of the process share the threads on which calls run:
// with only one such thread, two workers took turns (docs/decisions/0010).
process.env.TF_NUM_INTRAOP_THREADS ??= '1';
process.env.TF_NUM_INTEROP_THREADS ??= String(Math.max(2, availableParallelism()));
process.env.OMP_NUM_THREADS ??= '1';
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

// From 1.29 on onnxruntime tells Microsoft what runs where, unless this is set before it is loaded:
// scorelane tells nobody. An empty value would not do.
process.env.ORT_DISABLE_TELEMETRY = '1';

// msgpackr's native reader of strings costs more than it saves where strings are short field names.
// Measured: a map of 32 fields in 4.4 us without it, 5.7 us with it.
process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED ??= 'true';

// V8 collects the whole heap after every 32 MB of buffers allocated outside of it, here some
// fifteen times a second. With this flag buffers and heap share one limit. Measured: 1.5 times the
// throughput (docs/decisions/0006).
setFlagsFromString('--external-memory-accounted-in-global-limit');

// kafkajs 2.2.4 sets negative timers, and Node 24 warns about each. All other warnings are shown.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') tell(`${warning.name}: ${warning.message}`);
});

const tell = (line: string): void => liveLine.above(() => process.stderr.write(`${line}\n`));

/** The first error of standard output: a full disk, or a pipe that nobody reads any more. */
export const output: { failure: NodeJS.ErrnoException | null } = { failure: null };

// Without a listener Node ends a process that cannot write its output. A daemon must go on scoring:
// a line of text is not worth the loss of records. If standard error fails, there is no place to
// say so.
process.stdout.on('error', (error) => {
  // A reader that closed its pipe had enough: that is no news.
  if (output.failure === null && (error as NodeJS.ErrnoException).code !== 'EPIPE')
    tell(`scorelane: standard output is lost: ${error.message}`);
  output.failure ??= error;
});
process.stderr.on('error', () => {});
