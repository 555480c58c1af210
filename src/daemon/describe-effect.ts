// Effects of the engine in few words, for the log at level trace: what was decided, for which lane,
// about which offsets. No bytes.

import type { Effect } from '../engine/messages.ts';
import type { KeptEffect } from '../engine/without-bytes.ts';
import { keyOf } from '../log/topic-partition.ts';

/** Such as `score in/0: 17 to 41 (full)`. */
export function describeEffect(effect: Effect | KeptEffect): string {
  const { type } = effect;
  switch (effect.type) {
    case 'score': {
      const each = effect.task.map(({ microBatch }) => {
        const { first, next, scoreFrom = first, trigger } = microBatch;
        const feeds = scoreFrom > first ? `, feeding up to ${scoreFrom - 1}` : '';
        return `${keyOf(microBatch)}: ${first} to ${next - 1} (${trigger}${feeds})`;
      });
      return `score ${each.join('; ')}`;
    }
    case 'produce':
      return `produce ${keyOf(effect.lane)}: micro-batch ${effect.id}, up to ${effect.answered.next - 1}`;
    case 'commit':
      return `commit ${effect.commits.map((commit) => `${keyOf(commit)}@${commit.next}`).join(', ')}`;
    case 'seek':
      return `seek ${keyOf(effect.partition)} to ${effect.position}`;
    case 'restore':
      return `restore ${keyOf(effect.lane)}: the state below ${effect.position}`;
    case 'pause':
    case 'resume':
      return `${type} ${keyOf(effect.partition)}`;
    case 'rest':
      return `rest for ${effect.ms.toFixed(1)} ms`;
    default:
      return 'lane' in effect ? `${type} ${keyOf(effect.lane)}` : type;
  }
}
