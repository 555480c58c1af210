// What is said of lanes: lanes of which the same is to be said at once are one line, and a lane
// that is tried again and again is named every ten seconds. A hundred lanes may stand still for
// one topic that is gone.

import type { Failure } from '../engine/messages.ts';
import type { Logger } from '../telemetry/log.ts';

/** The same of the same lanes is said again after this time. */
const AGAIN_AFTER_MS = 10_000;

/** A cause that nobody has met for so long is forgotten. */
const FORGOTTEN_AFTER_MS = 60_000;

/** A cause for which lanes stand still. */
interface Cause {
  readonly failure: Failure;
  /** The lanes that it was said of. */
  readonly told: Set<string>;
  /** The lanes that have met it since it was last said of all. */
  readonly met: Set<string>;
  attempts: number;
  toldAtMs: number;
}

export class LaneLines {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #causes = new Map<string, Cause>();
  #recovered: string[] = [];
  #abandoned: { readonly lane: string; readonly microBatches: number; readonly why: string }[] = [];
  #isPlanned = false;

  constructor(logger: Logger, nowMs: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  trouble(lane: string, failure: Failure, attempts: number): void {
    const name = `${failure.code} ${failure.message}`;
    // A lane stands still for its last failure.
    this.#forget(lane, name);
    let cause = this.#causes.get(name);
    if (cause === undefined) {
      cause = { failure, told: new Set(), met: new Set(), attempts, toldAtMs: Number.NEGATIVE_INFINITY };
      this.#causes.set(name, cause);
    }
    cause.met.add(lane);
    cause.attempts = Math.max(cause.attempts, attempts);
    if (!cause.told.has(lane) || this.#nowMs() - cause.toldAtMs >= AGAIN_AFTER_MS) this.#plan();
  }

  recovered(lane: string): void {
    this.#forget(lane);
    this.#recovered.push(lane);
    this.#plan();
  }

  /** `why`: what the lane was given up for. */
  abandoned(lane: string, microBatches: number, why: string): void {
    this.#abandoned.push({ lane, microBatches, why });
    this.#plan();
  }

  #forget(lane: string, but?: string): void {
    for (const [name, { told, met }] of this.#causes) {
      if (name === but) continue;
      told.delete(lane);
      met.delete(lane);
    }
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#tell();
    });
  }

  #tell(): void {
    const nowMs = this.#nowMs();
    for (const [name, cause] of this.#causes) {
      const { failure, told, met, attempts, toldAtMs } = cause;
      const isDue = nowMs - toldAtMs >= AGAIN_AFTER_MS;
      const lanes = [...met].filter((lane) => isDue || !told.has(lane));
      if (lanes.length > 0) {
        const refusal = failure.refusal === undefined ? '' : `; one of them: ${failure.refusal}`;
        this.#logger.error(
          { code: failure.code, attempts, stack: failure.stack },
          `not ready: ${named(lanes)} not advance: ${failure.message}${refusal}`,
        );
        for (const lane of lanes) told.add(lane);
        if (isDue) {
          met.clear();
          cause.toldAtMs = nowMs;
        }
      } else if (nowMs - toldAtMs >= FORGOTTEN_AFTER_MS) this.#causes.delete(name);
    }
    for (const [why, given] of Map.groupBy(this.#abandoned, (each) => each.why)) {
      const sum = given.reduce((before, { microBatches }) => before + microBatches, 0);
      const lanes = given.map(({ lane }) => lane);
      this.#logger.warn(
        `${listed(lanes)} gave up ${sum} micro-batches in flight (${why}); they will be scored again`,
      );
    }
    if (this.#recovered.length > 0) {
      const s = this.#recovered.length === 1 ? 's' : '';
      this.#logger.info(`${listed(this.#recovered)} advance${s} again`);
    }
    this.#abandoned = [];
    this.#recovered = [];
  }
}

const listed = (lanes: readonly string[]): string =>
  `${lanes.length === 1 ? 'lane' : 'lanes'} ${lanes.join(', ')}`;
const named = (lanes: readonly string[]): string => `${listed(lanes)} ${lanes.length === 1 ? 'does' : 'do'}`;
