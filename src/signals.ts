// What a signal does until a command has its own answer to it: the process ends. As the first process of a container it would
// not, without one who listens. Imported before everything that takes time to load.

import { constants } from 'node:os';

/** What a shell says of a process that was ended by a signal. */
const BY_SIGNAL = 128;

for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => process.exit(BY_SIGNAL + constants.signals[name]));
