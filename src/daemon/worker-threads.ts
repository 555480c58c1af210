// The worker threads of the process. One job has them for itself, or several share them; the loss
// of a thread is told to all of them.

import { isUnforeseen } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import { FreeThreads } from '../pool/free-threads.ts';
import { ModelHost } from '../pool/model-host.ts';
import { PiscinaThread } from '../pool/worker-thread.ts';
import type { Logger } from '../telemetry/log.ts';

export const threadOf = ({ scoring }: Config): PiscinaThread => {
  const { deadline: deadlineMs, heapBytes: heapBytesMax, growthBytes, growthTensors } = scoring;
  const growth = { bytesMax: growthBytes, tensorsMax: growthTensors };
  return new PiscinaThread({ deadlineMs, heapBytesMax, growth });
};

export class WorkerThreads {
  readonly hosts: readonly ModelHost[];
  /** Who has which of them. */
  readonly free: FreeThreads;
  readonly #listeners = new Set<() => void>();

  constructor(config: Config, workers: number, logger: Logger) {
    const onThreadLost = (why: string, error: Error): void => {
      const stack = isUnforeseen(error) ? error.stack : undefined;
      logger.warn({ stack }, `a worker thread was lost: ${why}`);
      for (const tell of this.#listeners) tell();
    };
    this.hosts = Array.from({ length: workers }, () => new ModelHost(threadOf(config), { onThreadLost }));
    this.free = new FreeThreads(this.hosts);
  }

  /** Calls back at each loss of a thread; returns what ends that. */
  onLost(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()));
  }
}
