// Plays one scene: two daemons and load, fault after fault, each waited for until everything is
// scored again; then the audits.

import type { PartitionReport } from '../../src/audit/coverage.ts';
import { allCommitted, flags, type Job, Program } from '../support/daemon.ts';
import { kafkaFor, settingsFor } from '../support/kafka.ts';
import type { Compared } from './compare-features.ts';
import type { Fault } from './faults.ts';
import type { Scene, Stage } from './scene.ts';

export interface Injection {
  readonly fault: string;
  readonly atSeconds: number;
  /** Until everything that was there when the fault ended was committed. */
  readonly healedAfterSeconds: number;
  /**
   * Answers so far beyond one for each committed record: repeats, and the few that were not
   * committed yet when counted.
   */
  readonly beyondOne: number;
}

type Sums = Record<'inputs' | 'missing' | 'repeated' | 'dead' | 'outOfOrder' | 'pending', number>;

export interface Played {
  readonly injections: readonly Injection[];
  /** Our own audit, over all partitions, and that of the subject. */
  readonly audit: Sums;
  readonly independent: Compared;
  readonly failure?: string;
  /**
   * Nothing missing, nothing out of order, nothing scored wrongly, and no fault that did not heal.
   */
  readonly sound: boolean;
}

/** At least so long, and so many rounds of all faults. */
export interface Extent {
  readonly seconds: number;
  readonly rounds: number;
  readonly mayRepeat: boolean;
}

export async function play<S extends Stage>(
  scene: Scene<S>,
  faults: readonly Fault<S>[],
  extent: Extent,
  say: (line: string) => void,
): Promise<Played> {
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
  const injections: Injection[] = [];
  let failure: string | undefined;
  let mayRefuse = false;
  try {
    await scene.startDaemon();
    await scene.startDaemon();
    scene.startLoad();
    await scene.healed();
    try {
      for (let round = 0; round < extent.rounds || seconds() < extent.seconds; round++) {
        for (const { name, act, refusesResults = false } of faults) {
          const atSeconds = seconds();
          mayRefuse ||= refusesResults;
          await act(scene);
          scene.daemon();
          await scene.healed();
          const healedAfterSeconds = Math.round((seconds() - atSeconds) * 10) / 10;
          const beyondOne = await scene.answersBeyondOne();
          injections.push({ fault: name, atSeconds, healedAfterSeconds, beyondOne });
          const told = `all scored after ${healedAfterSeconds} s, answers beyond one a record so far ${beyondOne}`;
          say(`${atSeconds.toFixed(1).padStart(7)} s  ${name}: ${told}`);
        }
      }
    } catch (error) {
      failure = (error as Error).message;
      say(`FAILED: ${failure}`);
      for (const words of scene.endings) say(`--- a daemon that has ended said at last:\n${words}`);
      for (const daemon of scene.daemons) say(`--- a daemon said at last:\n${daemon.out.slice(-4_000)}`);
    }
    await scene.endLoad();
    const { job } = scene;
    if (failure === undefined) await allCommitted(job, kafkaFor(settingsFor(job.address)), scene.daemon());
    for (const daemon of scene.daemons) await daemon.stop();
    const own = await ownAudit(scene.job);
    const independent = await scene.subject.audit(job);
    const { missing, wronglyDead, refused, wronglyScored, deadUntouched } = independent;
    say(`audit: ${JSON.stringify(own)}`);
    say(
      `independent audit: ${JSON.stringify({ missing, wronglyDead, refused, wronglyScored, deadUntouched })}`,
    );
    const repeated = extent.mayRepeat ? 0 : own.repeated;
    const dead = wronglyDead - (mayRefuse ? refused : 0);
    const wrong = own.missing + own.outOfOrder + own.pending + repeated + missing + dead + wronglyScored;
    const isRefusalSeen = !mayRefuse || refused > 0;
    const sound = failure === undefined && wrong === 0 && deadUntouched && isRefusalSeen;
    return { injections, audit: own, independent, sound, ...(failure === undefined ? {} : { failure }) };
  } finally {
    await scene.stop();
  }
}

export async function ownAudit(job: Job): Promise<Sums> {
  const words = ['audit', '--config', 'config/kafka.yaml', ...flags(job, []), '--json'];
  const { partitions } = JSON.parse((await new Program(words).ended).out) as {
    partitions: PartitionReport[];
  };
  const sum = (column: keyof Sums): number => partitions.reduce((total, report) => total + report[column], 0);
  return {
    inputs: sum('inputs'),
    missing: sum('missing'),
    repeated: sum('repeated'),
    dead: sum('dead'),
    outOfOrder: sum('outOfOrder'),
    pending: sum('pending'),
  };
}
