// The phases of a lane, and which may follow which. Only `enter` changes a phase.
//
//                    revoking
//           ┌─────────────────────────►┐
//   new ─► running                  settling ─► (ended: revoked or lost)
//           └◄─────────────────────────┘
//           │    assigned, and kept    │
//           └────────────┬─────────────┘
//    a micro-batch fails │
//                        ▼
//                      halted ◄─────────────────┐
//                        │ haltedUntilMs        │ the state cannot be made
//        without windows │ has passed           │
//   running or settling ◄┴─ with windows ─► restoring ◄─ new, with windows
//                                               │ the state is there
//                                               └─► running or settling
//
// Where two phases are possible: settling while partitions may be about to leave, otherwise
// running. Any phase can end: then the lane is gone.

import assert from 'node:assert/strict';

/**
 * running: scores. settling: finishes what is in flight, because ownership may end. halted: waits
 * until `haltedUntilMs`. restoring: waits for a state.
 */
export type Phase = 'running' | 'settling' | 'halted' | 'restoring';

const NEXT: Readonly<Record<Phase, readonly Phase[]>> = {
  running: ['settling', 'halted'],
  settling: ['running', 'halted'],
  halted: ['running', 'settling', 'restoring'],
  restoring: ['running', 'settling', 'halted'],
};

export function enter(lane: { readonly key: string; phase: Phase }, phase: Phase): void {
  assert.ok(NEXT[lane.phase].includes(phase), `lane ${lane.key} goes from ${lane.phase} to ${phase}`);
  lane.phase = phase;
}
