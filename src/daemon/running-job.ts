// A job as the process sees it: it waits, or runs. And what there is to say of its readiness.

import type { Config } from '../config/schema.ts';
import type { Lane } from '../engine/lane.ts';
import type { UnreadyReason } from '../http/readiness.ts';
import type { Daemon } from './daemon.ts';

export interface RunningJob {
  readonly name: string;
  /** Null until it has started. */
  daemon: Daemon | null;
  /** What the start waits for, in words; null where nothing was missing yet. */
  waitsFor: string | null;
  /** Why it stopped, while one job of several waits to be started again; its daemon has ended. */
  failed: string | null;
  /** As it was read again while the process runs; null: as the process was started with. */
  retuned: Config | null;
}

/** One that has not started yet. */
export const newJob = (name: string): RunningJob => ({
  name,
  daemon: null,
  waitsFor: null,
  failed: null,
  retuned: null,
});

/** It runs, with what was read again while it started. */
export function hasBegun(job: RunningJob, daemon: Daemon): void {
  job.daemon = daemon;
  if (job.retuned !== null) daemon.retune(job.retuned);
}

/** Why the job is not ready; empty if it is. */
export function reasonsOf({ name, daemon, waitsFor, failed }: RunningJob): UnreadyReason[] {
  if (failed !== null) return [{ code: 'failed', message: `it stopped, and is started again: ${failed}` }];
  if (daemon === null)
    return [
      { code: 'starting', message: waitsFor ?? 'it is starting: the model is loaded, the group is joined' },
    ];
  const { state, unanswered } = daemon.driver;
  if (state.stopping !== undefined)
    return [{ code: 'draining', message: 'it ends: what is in flight is finished' }];
  if (daemon.lag === null)
    return [
      {
        code: 'unassigned',
        message: 'the group has given it no partitions, or they were lost with the broker',
      },
    ];
  const lanes = [...state.lanes.values()];
  const troubled = Map.groupBy(
    lanes.filter(({ trouble }) => trouble !== undefined),
    ({ trouble }) => `${trouble?.code} ${trouble?.message}`,
  );
  const silent = unanswered === null ? [] : [{ code: 'unanswered', message: unanswered }];
  const isStalled = ({ key, ledger }: Lane): boolean => state.stalls.get(key)?.offset === ledger.committable;
  return [
    ...(state.isHeld
      ? [{ code: 'paused', message: `somebody paused it; POST /admin/jobs/${name}/resume lets it go on` }]
      : []),
    ...silent,
    ...[...troubled.values()].map((group) => ({
      code: group[0]?.trouble?.code ?? '',
      message: `${group.length} of ${lanes.length} lanes do not advance: ${group[0]?.trouble?.message}`,
      lanes: keysOf(group),
    })),
    ...reason(lanes.filter(isStalled), 'SCORELANE_STALLED', 'lanes with lag show no sign of life'),
    ...reason(
      lanes.filter(({ phase, trouble }) => phase === 'restoring' && trouble === undefined),
      'restoring',
      'lanes build up their windows',
    ),
  ];
}

const keysOf = (lanes: readonly Lane[]): string[] => lanes.map(({ key }) => key);

const reason = (lanes: readonly Lane[], code: string, message: string): UnreadyReason[] =>
  lanes.length === 0 ? [] : [{ code, message: `${lanes.length} ${message}`, lanes: keysOf(lanes) }];
