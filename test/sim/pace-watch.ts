// Writes down what the checker of the pace reads (invariant 10).

import { takesMail } from '../../src/engine/lane.ts';
import type { EngineState } from '../../src/engine/state.ts';
import type { Source } from '../../src/log/ports.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import type { SimProcess } from './process.ts';

/** Notes after each fetch whether the lanes have all that there is, and how long the rest is. */
export function watchPace(
  source: Source,
  { name, clock }: SimProcess,
  history: HistoryEvent[],
  engine: () => EngineState,
): void {
  const start = source.start.bind(source);
  source.start = (listener) =>
    start({
      ...listener,
      fetched: (...parts) => {
        const atMs = clock.nowMs();
        listener.fetched(...parts);
        const { lanes, pace, limits, stopping } = engine();
        const isEmptied = [...lanes.values()].every(
          (lane) => !takesMail(lane) || lane.position >= lane.highWatermark,
        );
        history.push({
          type: 'paced',
          process: name,
          atMs,
          emptied: isEmptied && stopping === undefined,
          restUntilMs: pace.restUntilMs,
          targetMs: limits.latencyTargetMs,
        });
      },
    });
}
