// One daemon under a steady load while its label `stable` moves: what each record waited, which
// version scored it, and when each move was done.

import { setTimeout as sleep } from 'node:timers/promises';
import { readLabels, STABLE, writeLabels } from '../../src/versions/labels.ts';
import { promoted, rolledBack } from '../../src/versions/move-labels.ts';
import { audit } from '../harness/audit.ts';
import type { Bench, Case } from '../harness/bench.ts';
import type { TimedLine } from '../harness/log.ts';
import { VoidRunError } from '../harness/result.ts';
import type { Happening } from '../harness/tail.ts';
import { VersionRuns } from '../harness/version-runs.ts';
import { watch } from '../harness/watch.ts';
import type { LoadReport } from '../load/open-loop.ts';
import { Schedule } from '../load/schedule.ts';
import { mlp } from '../models/mlp.ts';
import { makeVersions } from '../models/repository.ts';
import { startOurs } from './live-scorers.ts';

/** instant: to a version that is loaded; loading: to one that is tried and loaded first. */
export type MoveKind = 'first' | 'instant' | 'loading' | 'back';

export interface Moved {
  readonly kind: MoveKind;
  readonly version: string;
  /** Times in milliseconds since 1970: when the label was moved. */
  readonly movedMs: number;
  /** When the daemon said that the version serves. */
  readonly servedMs: number;
  /** When the first result of it was appended, and when all partitions had one. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface Swapped {
  readonly moves: readonly Moved[];
  readonly sent: number;
  /** By number of the record. */
  readonly latencyMs: Float64Array;
  readonly dueMs: (number: number) => number;
  /** The first record that counts. */
  readonly first: number;
  readonly load: LoadReport;
  readonly happenings: readonly Happening[];
}

const VERSIONS = ['1', '2', '3'];
/** From the agreement on a time until then: the load source has to start. */
const AHEAD_MS = 4_000;
/** More than is ever sent: the load ends when the moves are done. */
const SECONDS_MAX = 3_600;
const SERVES = /^version (\S+) of \S+ scores from now on/;

/** Moves the label as the commands `models promote` and `models rollback` do. */
class Label {
  readonly #repository: string;
  readonly #model: string;

  constructor(repository: string, model: string) {
    this.#repository = repository;
    this.#model = model;
  }

  promote(version: string): void {
    this.#write((labels, now) => promoted(labels, VERSIONS, { version, label: STABLE, now }));
  }

  rollBack(): void {
    this.#write((labels, now) => rolledBack(labels, VERSIONS, { label: STABLE, now }));
  }

  #write(move: (labels: ReturnType<typeof readLabels>, now: Date) => ReturnType<typeof promoted>): void {
    const { labels } = move(readLabels(this.#repository, this.#model), new Date());
    writeLabels(this.#repository, this.#model, labels);
  }
}

/** Where each of the moves goes to, and of what kind it is. */
function plan(times: number): { readonly kind: MoveKind; readonly version: string }[] {
  const there = (kind: MoveKind, version: string) => [
    { kind, version },
    { kind: kind === 'instant' ? ('instant' as const) : ('back' as const), version: '1' },
  ];
  return [
    // Version 2 is loaded for the first time; from then on it stays loaded.
    ...there('first', '2'),
    ...Array.from({ length: times }, () => there('instant', '2')).flat(),
    // Only the version before stays loaded: so each of these has to be loaded.
    ...Array.from({ length: times }, (_, index) => there('loading', index % 2 === 0 ? '3' : '2')).flat(),
  ];
}

/** Rejects with `VoidRunError` where the output is not what it has to be. */
export async function measureSwaps(bench: Bench, each: Case): Promise<Swapped> {
  const { rate, linger, moves: times, warmUp, seconds, partitions } = bench.options;
  const repository = makeVersions(each.model, VERSIONS.length);
  const label = new Label(repository, each.model);
  label.promote('1');
  const settings = [`model.repository=${repository}`, `telemetry.warmUp=${Math.round(warmUp * 1000)}ms`];
  const job = await bench.log.createJob(partitions, { appendTimes: true });
  const one = { ...each, settings };
  const { daemon, happenings: saidOf } = await startOurs(bench, job, one, 'plain');
  const served = (): TimedLine[] => daemon.said.filter(({ msg }) => SERVES.test(msg));
  const stop = new AbortController();
  const schedule = new Schedule(rate);
  const startAtMs = Date.now() + AHEAD_MS;
  const loading = bench.load(
    job,
    one,
    {
      count: Math.ceil(rate * SECONDS_MAX),
      recordsPerSecond: rate,
      live: { lingerMs: linger, burst: 0, startAtMs, compression: 'none' },
    },
    stop.signal,
  );
  loading.catch(() => {});
  const endWatch = watch(daemon.pid, bench.log.brokerPid);
  const wanted = plan(times);
  const done: Pick<Moved, 'kind' | 'version' | 'movedMs' | 'servedMs'>[] = [];
  const move = async (): Promise<void> => {
    await sleep(startAtMs + 500 * warmUp - Date.now());
    for (const { kind, version } of wanted) {
      const before = served().length;
      const movedMs = Date.now();
      if (version === '1') label.rollBack();
      else label.promote(version);
      await bench.until(`version ${version} to serve`, [daemon], async () => served().length > before);
      const { atMs, msg } = served().at(-1) as TimedLine;
      if (SERVES.exec(msg)?.[1] !== version) throw new VoidRunError(`moved to version ${version}: ${msg}`);
      done.push({ kind, version, movedMs, servedMs: atMs });
      await sleep(1_000 * seconds);
    }
  };
  const load = await Promise.race([move(), daemon.failed, loading.then(() => new Promise<never>(() => {}))])
    .finally(() => stop.abort())
    .then(() => loading)
    .finally(endWatch);
  await bench.caughtUp(job, [daemon]);
  await daemon.stop();
  const { sent } = load;
  const latencyMs = new Float64Array(sent).fill(Number.NaN);
  const dueMs = (number: number): number => Math.floor(startAtMs + schedule.dueMs(number));
  const runs = new VersionRuns(each.format, VERSIONS);
  const { repeats } = await audit(bench.log, {
    ...{ job, sent, scored: sent, format: each.format, model: each.model },
    versions: new Map(VERSIONS.map((version) => [version, mlp(each.model, Number(version))])),
    onResult: (number, timestampMs) => {
      latencyMs[number] = timestampMs - dueMs(number);
    },
    onValue: (result) => runs.add(result),
  });
  if (repeats > 0) throw new VoidRunError(`${repeats} records were scored twice`);
  const changes = runs.changes(['1', ...done.map(({ version }) => version)]);
  await bench.log.deleteJob(job);
  return {
    moves: done.map((one, index) => ({ ...one, ...(changes[index] as (typeof changes)[number]) })),
    ...{ sent, latencyMs, dueMs, load },
    first: Math.min(sent, schedule.countBefore(1_000 * warmUp)),
    happenings: [...endWatch(), ...saidOf(), ...bench.log.brokerPauses()],
  };
}
