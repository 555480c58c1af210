// Whether the group has given this member its partitions, which may be none. While it has not,
// nothing is scored and the lag is not known: the log says so.

import type { Logger } from '../telemetry/log.ts';

export interface GroupSettings {
  readonly 'group.id': string;
  readonly 'session.timeout.ms': number;
}

export class OwnPartitions {
  readonly #logger: Logger;
  readonly #group: GroupSettings;
  readonly #nowMs: () => number;
  #waitsSinceMs: number | null;
  #isLeaving = false;

  constructor(logger: Logger, group: GroupSettings, nowMs: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#group = group;
    this.#nowMs = nowMs;
    this.#waitsSinceMs = nowMs();
  }

  get isKnown(): boolean {
    return this.#waitsSinceMs === null;
  }

  assigned(): void {
    this.#waitsSinceMs = null;
  }

  /** The partitions were taken away without a question. */
  lost(): void {
    if (!this.#isLeaving) this.#waitsSinceMs ??= this.#nowMs();
  }

  /** From now on nothing is waited for, and what is known stays so. */
  leaving(): void {
    this.#isLeaving = true;
  }

  /** To be called every few seconds: says it if the member waits. */
  complain(): void {
    if (this.#waitsSinceMs === null || this.#isLeaving) return;
    const seconds = Math.round((this.#nowMs() - this.#waitsSinceMs) / 1_000);
    const { 'group.id': id, 'session.timeout.ms': sessionMs } = this.#group;
    this.#logger.warn(
      `not ready: waiting for partitions of the group "${id}" for ${seconds} s. After an outage the broker waits for ` +
        `members that it has lost, as long as kafka.session.timeout.ms says (${sessionMs})`,
    );
  }
}
