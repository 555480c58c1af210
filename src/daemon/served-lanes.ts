// Where requests find the windows of a key: the lane of its partition, if this process has it.

import type { Driver } from '../engine/driver.ts';
import { addressOf, isFed } from '../engine/lane.ts';
import { partitionOfKey } from '../log/partitioner.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { StatefulPool } from '../pool/stateful-pool.ts';
import type { ServedLanes } from '../serving/lane-requests.ts';
import type { PartitionCounts } from '../worker-protocol/messages.ts';

export interface LaneParts {
  readonly pool: StatefulPool;
  readonly counts: { readonly now: PartitionCounts };
  readonly driver: () => Driver | undefined;
  /** Whether the group has told which partitions the process has. */
  readonly isAssigned: () => boolean;
}

export const servedLanes = ({ pool, counts, driver, isAssigned }: LaneParts): ServedLanes => ({
  partitionOf(key) {
    const { input } = counts.now;
    return input === 1 ? 0 : key === null ? null : partitionOfKey(key, input);
  },
  find(of, deployment) {
    const engine = driver()?.state;
    if (engine === undefined || !isAssigned()) return 'unassigned';
    const lane = engine.lanes.get(keyOf(of));
    if (lane === undefined) return engine.rebalancing ? 'unassigned' : 'elsewhere';
    if (!isFed(lane)) return 'restoring';
    const place = pool.placeOf(of, deployment);
    // A lane to which no record comes would never find out.
    if (place === null) driver()?.stateLost(addressOf(lane));
    return place === null || place === 'unready' ? 'restoring' : place;
  },
  lost: (lane) => pool.lost(lane),
});
