// What became of the results that meet the condition of a route: whether each of them is in its
// topic too.

import type { OffsetRange } from '../log/offset.ts';
import type { RecordView } from '../log/record-batch-reader.ts';
import type { Topic } from './answers.ts';
import { Bitmap } from './bitmap.ts';

export interface AuditedRoute extends Topic {
  readonly topic: string;
  /** Whether a result meets the condition; null where results cannot be looked into. */
  readonly meets: ((result: RecordView) => boolean) | null;
}

export interface RouteReport {
  readonly topic: string;
  /** Committed results that meet the condition; null where results cannot be looked into. */
  readonly due: number | null;
  /** Records of the input with a result in this topic. */
  readonly routed: number;
  /** Of these, those with more than one. At-least-once allows them. */
  readonly repeated: number;
  /** Of those that are due, those that are not there; null as with `due`. */
  readonly missing: number | null;
}

export class RouteCoverage {
  readonly route: AuditedRoute;
  readonly #committed: readonly number[];
  /** By partition of the input. */
  readonly #due: readonly Bitmap[];
  readonly #routed: readonly Bitmap[];
  readonly #repeated: readonly Bitmap[];

  constructor(route: AuditedRoute, input: readonly OffsetRange[], committed: readonly number[]) {
    this.route = route;
    this.#committed = committed;
    const bitmaps = (): Bitmap[] => input.map(({ from, until }) => new Bitmap(from, until));
    [this.#due, this.#routed, this.#repeated] = [bitmaps(), bitmaps(), bitmaps()];
  }

  /** There is a result of that record. */
  result(partition: number, offset: number, record: RecordView): void {
    if (offset < (this.#committed[partition] ?? 0) && this.route.meets?.(record) === true)
      this.#due[partition]?.set(offset);
  }

  /** There is one in the topic of the route. */
  routed(partition: number, offset: number): void {
    if (this.#routed[partition]?.set(offset) === true) this.#repeated[partition]?.set(offset);
  }

  report(): RouteReport {
    let missing = 0;
    this.#due.forEach((due, partition) => {
      due.forEach((offset) => {
        if (this.#routed[partition]?.has(offset) !== true) missing++;
      });
    });
    const isKnown = this.route.meets !== null;
    return {
      topic: this.route.topic,
      due: isKnown ? sum(this.#due) : null,
      routed: sum(this.#routed),
      repeated: sum(this.#repeated),
      missing: isKnown ? missing : null,
    };
  }
}

const sum = (bitmaps: readonly Bitmap[]): number => bitmaps.reduce((all, { count }) => all + count, 0);
