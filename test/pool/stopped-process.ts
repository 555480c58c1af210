// A process with a thread that does one task for half a second, within a deadline of four.

import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { GROWTH } from '../support/model.ts';

const workerUrl = new URL('./resting-worker.ts', import.meta.url);
const thread = new PiscinaThread({ deadlineMs: 4_000, growth: GROWTH, workerUrl });
const request = { type: 'unload', deployment: 'any' } as const;
await thread.run(request, []);
const answer = thread.run(request, []);
console.log('begun');
console.log((await answer).type);
await thread.stop();
