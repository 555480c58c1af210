// What must hold for the process before anything else is loaded. Imported first by main.ts.

// TensorFlow reads these once, when it loads: one thread a worker, as the pool is the parallelism.
process.env.TF_NUM_INTRAOP_THREADS ??= '1';
process.env.TF_NUM_INTEROP_THREADS ??= '1';
process.env.OMP_NUM_THREADS ??= '1';
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

// kafkajs 2.2.4 sets negative timers; Node 24 warns of each. Every other warning is shown.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
});
