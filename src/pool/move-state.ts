// Carries the state of a lane from one thread to another, in a file.

import type { LaneAddress } from '../scoring/lane-address.ts';
import { restored } from './beginnings.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { StateThread } from './worker-client.ts';

export interface StateMove {
  readonly address: LaneAddress;
  readonly from: StateThread;
  readonly to: StateThread;
  readonly snapshots: Pick<SnapshotStore, 'draft' | 'discard'>;
  /** Whether the lane is still there, and still this one. */
  readonly isWanted: () => boolean;
  /** The state is on the other thread now. */
  readonly moved: () => void;
}

/** To be called between two micro-batches. Whichever thread does not keep the state forgets it. */
export async function moveState({ address, from, to, snapshots, isWanted, moved }: StateMove): Promise<void> {
  const file = snapshots.draft(address);
  try {
    await from.ask({ type: 'snapshot', lane: address, file });
    await to.host.ready;
    await restored(to, address, { file, notBefore: 0, notAfter: Number.MAX_SAFE_INTEGER });
    if (!isWanted()) {
      await to.ask({ type: 'forget', lane: address });
      return;
    }
    moved();
    await from.ask({ type: 'forget', lane: address });
  } finally {
    await snapshots.discard(file);
  }
}
