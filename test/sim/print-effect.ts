// An effect of the engine, as a trace of the simulator has it.

import type { Effect } from '../../src/engine/messages.ts';

export function printEffect(effect: Effect): string {
  switch (effect.type) {
    case 'score': {
      const each = effect.task.map(
        ({ microBatch: { partition, epoch, first, next } }) =>
          `${partition} epoch ${epoch}: ${first} to ${next - 1}`,
      );
      return `score ${each.join(', ')}`;
    }
    case 'produce':
      return `produce ${effect.lane.partition} epoch ${effect.lane.epoch}, micro-batch ${effect.id}`;
    case 'commit':
      return `commit ${effect.commits.map(({ partition, next }) => `${partition}:${next}`).join(' ')}`;
    case 'seek':
      return `seek ${effect.partition.partition} to ${effect.position}`;
    case 'pause':
    case 'resume':
      return `${effect.type} ${effect.partition.partition}`;
    case 'rest':
      return `rest ${effect.ms}`;
    case 'trouble':
      return `trouble ${effect.lane.partition}: ${effect.failure.message}`;
    case 'abandoned':
      return `abandon ${effect.lane.partition} epoch ${effect.lane.epoch}: ${effect.why}`;
    case 'restore':
      return `restore ${effect.lane.partition} epoch ${effect.lane.epoch} at ${effect.position}`;
    case 'forget':
      return `forget ${effect.lane.partition} epoch ${effect.lane.epoch}`;
    case 'recovered':
      return `recovered ${effect.lane.partition}`;
    case 'askLogEnds':
      return 'asks where the log ends';
    case 'stalled':
    case 'gaveUp':
      return `${effect.type}: ${effect.lanes.join('; ')}`;
    case 'settled':
    case 'drained':
      return `${effect.type}, unfinished: ${effect.unfinished.join() || 'none'}`;
  }
}
