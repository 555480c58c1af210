// The scorers of the scenario `live`: the daemon in its kinds, and the peers, each a process that
// has its partitions before the first record comes.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endsWithUs } from '../../tools/at-end.ts';
import { lastWords } from '../../tools/last-words.ts';
import { ensurePython } from '../../tools/python.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import type { Bench, Case } from '../harness/bench.ts';
import { ONE_THREAD } from '../harness/kafka-log.ts';
import { FellBehindError, type RunningScorer } from '../harness/live-run.ts';
import type { Job, RunningDaemon, TimedLine } from '../harness/log.ts';
import type { Collection } from '../harness/probe.ts';
import type { Happening } from '../harness/tail.ts';
import { ensureModel, ensureWindowsModel } from '../models/repository.ts';
import { ensureRustPeer, rustModel } from '../peers/rust.ts';

export const KINDS = ['plain', 'windows', 'transactions', 'compressed'] as const;
export type Kind = (typeof KINDS)[number];

export interface RunningOurs extends RunningScorer {
  readonly daemon: RunningDaemon;
  /** What it said and what it collected so far. */
  happenings(): readonly Happening[];
}

/** How long a scorer may take for what it has not scored when the load ends. */
const CATCH_UP_MS = 20_000;

/** Starts the daemon of a kind. Resolves when it has its partitions. */
export async function startOurs(bench: Bench, job: Job, one: Case, kind: Kind): Promise<RunningOurs> {
  const collectionsFile = join(tempFolder('bench'), 'collections.jsonl');
  writeFileSync(collectionsFile, '');
  const whole = { ...one, settings: settingsOf(kind, job, one), collectionsFile };
  const [daemon] = (await bench.startReady(job, whole)) as [RunningDaemon];
  return {
    pid: daemon.pid,
    daemon,
    failed: daemon.failed,
    finish: () => bench.caughtUp(job, [daemon]),
    happenings: () => [...collectionsIn(readFileSync(collectionsFile, 'utf8')), ...daemon.said.map(saidOf)],
  };
}

const saidOf = ({ atMs, msg }: TimedLine): Happening => ({
  what: `scorer: said "${msg}"`,
  ms: 0,
  fromMs: atMs,
  untilMs: atMs,
});

const collectionsIn = (text: string): Happening[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Happening => {
      const { thread, kind, fromMs, untilMs } = JSON.parse(line) as Collection;
      return { what: `scorer: ${kind} collection in a ${thread}`, ms: untilMs - fromMs, fromMs, untilMs };
    });

function settingsOf(kind: Kind, { group }: Job, { model, settings = [] }: Case): readonly string[] {
  if (kind === 'transactions') return [...settings, `kafka.transactional.id=${group}`];
  if (kind !== 'windows') return settings;
  const directory = tempFolder('bench-state');
  return [...settings, `model.name=${ensureWindowsModel(model)}`, `snapshots.directory=${directory}`];
}

export interface LivePeer {
  readonly name: string;
  command(job: Job, one: Case, sent: number): Command;
}

interface Command {
  readonly words: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

const scripts = join(import.meta.dirname, '..', 'peers');
/**
 * What a batch waits for more records at most, in seconds: about the latency that the daemon aims
 * at.
 */
const PYTHON_WAIT = 0.02;
const NEVER = '1e9';

/** The peers that can run here; a note for each that was asked for and cannot. */
export async function livePeers({ options, say, log }: Bench, notes: string[]): Promise<LivePeer[]> {
  const found: LivePeer[] = [];
  const common = (job: Job, { format, model }: Case, sent: number): string[] =>
    Object.entries({
      brokers: log.address,
      input: job.input,
      output: job.output,
      group: job.group,
      model: ensureModel(model),
      format,
      count: String(sent),
      // It ends when it has scored all; what it says of its speed is not used.
      seconds: NEVER,
      'warm-up': NEVER,
    }).flatMap(([flag, value]) => [`--${flag}`, value]);
  const attempt = async (name: string, make: () => Promise<LivePeer['command']>): Promise<void> => {
    if (!options.peers.includes(name)) return;
    try {
      found.push({ name, command: await make() });
    } catch (error) {
      const note = `NOT MEASURED: ${name}, for ${(error as Error).message.split('\n')[0]}`;
      say(note);
      notes.push(note);
    }
  };
  await attempt('python', async () => {
    const { executable } = await ensurePython();
    const script = join(scripts, 'batched.py');
    return (job, one, sent) => ({
      words: [
        executable,
        script,
        ...common(job, one, sent),
        '--backend',
        'onnxruntime',
        '--wait',
        String(PYTHON_WAIT),
      ],
    });
  });
  await attempt('eachBatch', async () => (job, one, sent) => ({
    words: [
      process.execPath,
      join(scripts, 'each-batch.ts'),
      ...common(job, one, sent),
      '--backend',
      'native',
    ],
  }));
  await attempt('rust', async () => {
    const program = await ensureRustPeer(options.rust);
    return (job, one, sent) => {
      const flags = { in: job.input, out: job.output, n: String(sent), group: job.group, mode: 'mlp' };
      const words = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
      return {
        words: [program, ...words],
        env: { PEERS_BROKERS: log.address, PEERS_LAB: rustModel(one.model) },
      };
    };
  });
  return found;
}

/** Starts a peer. Resolves when it has its partitions. */
export async function startPeer(
  bench: Bench,
  job: Job,
  { words, env = {} }: Command,
): Promise<RunningScorer & { end(): void }> {
  const [program, ...rest] = words;
  const child = endsWithUs(
    spawn(program, rest, {
      env: { ...process.env, ...ONE_THREAD, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  const said = lastWords(child);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const done = new Promise<void>((resolve) => {
    child.once('error', failed.reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else failed.reject(new Error(`${program} ended with ${code}:\n${said()}`));
    });
  });
  const running = {
    pid: child.pid as number,
    failed: failed.promise,
    async finish() {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(
        () =>
          late.reject(new FellBehindError(`it was not done ${CATCH_UP_MS / 1000} s after the last record`)),
        CATCH_UP_MS,
      );
      await Promise.race([done, late.promise]).finally(() => clearTimeout(timer));
    },
    end: () => void child.kill('SIGKILL'),
  };
  const asDaemon = { failed: failed.promise } as unknown as RunningDaemon;
  await bench.until(
    'a peer to have its partitions',
    [asDaemon],
    async () => (await bench.log.assigned(job)) === job.partitions,
  );
  return running;
}
