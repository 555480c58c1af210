export default {
  files: ['test/**/*.test.ts'],
  extensions: ['ts'],
  workerThreads: false,
  timeout: '5m',
  environmentVariables: {
    TF_CPP_MIN_LOG_LEVEL: '2',
    // kafkajs 2.2.4 sets negative timers.
    NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning',
  },
};
