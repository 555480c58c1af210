// Times one case in a thread of its own, and tells what it found.

import { parentPort, workerData } from 'node:worker_threads';
import { type MicroCase, timeCase } from './steps.ts';

const { one, seconds, rounds } = workerData as {
  readonly one: MicroCase;
  readonly seconds: number;
  readonly rounds: number;
};
parentPort?.postMessage(await timeCase(one, seconds, rounds));
