// A thread that hangs is ended while onnxruntime predicts: the thread ends, and not the process,
// which onnxruntime-node would end if the thread were ended within its call.

import test from 'ava';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { deploymentOf, GROWTH } from '../support/model.ts';

const workerUrl = new URL('./onnx-worker.ts', import.meta.url);

test('a thread that is ended while onnxruntime predicts ends alone, and another takes its place', async (t) => {
  const thread = new PiscinaThread({ deadlineMs: 60_000, growth: GROWTH, workerUrl });
  const { id, setup } = deploymentOf();
  for (let times = 0; times < 5; times++) {
    await thread.run({ type: 'load', deployment: id, setup, warmUpMs: 0 }, []);
    const hanging = thread.run({ type: 'unload', deployment: id }, [], 1);
    await t.throwsAsync(hanging, { name: 'DeadlineError' });
  }
  await thread.run({ type: 'load', deployment: id, setup, warmUpMs: 0 }, []);
  const hanging = thread.run({ type: 'unload', deployment: id }, []);
  await Promise.all([t.throwsAsync(hanging), thread.stop()]);
});
