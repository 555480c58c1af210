// Chooses the backend in a thread of its own. What the other backends leave behind ends with that
// thread.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { dropGuard, type Guard, guardThread, newGuard } from '../base/uninterrupted.ts';
import { type BackendChoice, chooseBackend } from './choose.ts';
import { readManifest } from './manifest.ts';
import { ModelError } from './model-error.ts';
import { type Backend, BackendMissingError } from './predictor.ts';

interface Question {
  readonly modelFolder: string;
  readonly wanted: Backend | 'auto';
  readonly batchRecords: number;
}

type Answer = { readonly choice: BackendChoice } | { readonly code: string; readonly message: string };

/** Throws `ModelError` or `BackendMissingError`. */
export async function probeBackends(question: Question): Promise<BackendChoice> {
  const guard = newGuard();
  const worker = new Worker(new URL(import.meta.url), { workerData: { ...question, guard } });
  const [answer] = (await once(worker, 'message')) as [Answer];
  await worker.terminate();
  dropGuard(guard);
  if ('choice' in answer) return answer.choice;
  if (answer.code === new BackendMissingError().code) throw new BackendMissingError(answer.message);
  throw new ModelError(answer.message);
}

async function answer({ modelFolder, wanted, batchRecords }: Question): Promise<Answer> {
  try {
    const manifest = readManifest(modelFolder);
    return { choice: await chooseBackend(manifest, wanted, batchRecords) };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { code: code ?? 'SCORELANE_MODEL', message };
  }
}

if (!isMainThread && parentPort !== null && workerData !== null && 'wanted' in workerData) {
  const { guard, ...question } = workerData as Question & { readonly guard: Guard };
  guardThread(guard);
  parentPort.postMessage(await answer(question));
}
