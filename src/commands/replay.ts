// `scorelane replay`: scores a range of history with another version of a model, and compares it
// with the one that is there. It touches nothing of the live job.

import { basename } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { SettingError } from '../config/load.ts';
import type { LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { CannotWriteError } from '../daemon/errors.ts';
import { replay, requireSameModels } from '../daemon/replay.ts';
import { labelsById } from '../daemon/replay-labels.ts';
import { planReplay, type ReplayWish } from '../daemon/replay-plan.ts';
import type { Topics } from '../daemon/topics.ts';
import { BOUND_EXPECTED } from '../rescoring/bounds.ts';
import { Comparison } from '../rescoring/comparison.ts';
import { type ReplayReport, reportOf } from '../rescoring/report.ts';
import { reportPage } from '../rescoring/report-page.ts';
import { reportInWords } from '../rescoring/report-text.ts';
import { type ReplayRun, savedRun } from '../rescoring/run-plan.ts';
import { readState, StateFile } from '../rescoring/state-file.ts';
import { answerSignals, exitCodeBy, type Signal } from '../signals.ts';
import { createLogger } from '../telemetry/log.ts';
import { after, every } from '../time/timer.ts';
import { showBar } from './live.ts';
import {
  argument,
  durationArgument,
  type JobFlags,
  loadJob,
  numberArgument,
  type Register,
  withJob,
  withQuiet,
} from './options.ts';
import { openOutFile } from './out-file.ts';
import { type ReplayFlags, refuseWishes, versionIn, wishOf } from './replay-flags.ts';
import { note, say } from './say.ts';
import { withTopics } from './with-topics.ts';

/** Resolves to the exit code. */
export async function replayCommand({ config, origins }: LoadedJob, flags: ReplayFlags): Promise<number> {
  const begunAgain = flags.resume === undefined ? null : readState(flags.resume);
  if (begunAgain !== null) refuseWishes(flags);
  if (begunAgain !== null) requireSameModels(config, begunAgain.plan);
  const wish = begunAgain === null ? wishOf(flags) : null;
  const labelsTopic = begunAgain?.plan.labelsTopic?.topic ?? flags.labelsTopic;
  const read = [config.input.topic, ...(labelsTopic === undefined ? [] : [labelsTopic])];
  return withTopics(
    config,
    'replay',
    async (topics) => {
      const run = begunAgain ?? newRun(await planReplay(config, topics, wish as ReplayWish));
      await requireSameTopic(topics, config, run);
      const state = new StateFile(flags.resume ?? flags.state ?? stateName(run));
      return score(config, topics, run, state, flags, (key) => origins.has(key));
    },
    read,
  );
}

function newRun(plan: ReplayRun['plan']): ReplayRun {
  const parts = plan.ranges.map(({ from, ...of }) => ({ ...of, position: from }));
  const comparison = new Comparison(parts.length, plan.thresholds, plan.baseline !== null);
  return { plan, parts, comparison, secondsBefore: 0 };
}

/** An offset means something within one incarnation of a topic. */
async function requireSameTopic(topics: Topics, { input }: Config, { plan }: ReplayRun): Promise<void> {
  if (plan.topic !== input.topic)
    throw new SettingError(
      `--resume: expected the configuration of a job that reads ${plan.topic}, found one that reads ${input.topic}`,
    );
  const topicId = await topics.topicId(plan.topic);
  if (topicId !== plan.topicId)
    throw new SettingError(
      `--resume: expected topic ${plan.topic} as it was when the replay began, found one that was made again; begin anew`,
    );
}

async function score(
  config: Config,
  topics: Topics,
  run: ReplayRun,
  state: StateFile,
  flags: ReplayFlags,
  isGiven: (key: string) => boolean,
): Promise<number> {
  const { plan, parts } = run;
  const told = endingBySignal(config.lanes.stopTimeout);
  const logger = createLogger(config.telemetry.logLevel, config.telemetry.logFormat);
  let backends: readonly string[] = [];
  let begunMs: number | null = null;
  const seconds = (): number =>
    run.secondsBefore + (begunMs === null ? 0 : (performance.now() - begunMs) / 1_000);
  const save = (): Promise<void> =>
    state.write(savedRun(run, seconds())).catch((error: Error) => {
      throw new CannotWriteError(`${state.path} could not be written: ${error.message}`, { cause: error });
    });
  await save();
  const stopSaving = every(flags.saveEvery ?? 10_000, () => {
    if (!state.isWriting) save().catch((error: Error) => logger.warn(error.message));
  });
  const { counts } = run.comparison;
  // The time that is left goes by what this process does, not by what one before it did.
  const left = (): number =>
    parts.reduce((sum, { position, until }) => sum + Math.max(0, until - position), 0);
  const [doneBefore, leftBefore] = [counts.records, left()];
  const stopBar = showBar(flags.quiet, () => ({
    done: counts.records - doneBefore,
    unit: 'records',
    share: leftBefore === 0 ? 1 : 1 - left() / leftBefore,
  }));
  let isDone: boolean;
  let failure: Error | null = null;
  try {
    isDone = await replay(config, topics, run, {
      logger,
      signal: told.signal,
      isGiven,
      labelOf: plan.labelsTopic === null ? null : await labelsById(config, topics, plan, plan.labelsTopic),
      onLoaded: (found) => {
        backends = found;
      },
      onBegun: () => {
        begunMs = performance.now();
      },
    });
  } catch (error) {
    if (!told.signal.aborted) failure = error as Error;
    isDone = false;
  }
  stopSaving();
  stopBar();
  if (!isDone && counts.records === 0 && flags.resume === undefined) {
    await state.remove();
    note(failure === null ? `scorelane: ended by ${told.by}, before a record was scored` : null);
  } else {
    await save();
    if (!isDone)
      note(
        `scorelane: ended${failure === null ? ` by ${told.by}` : ''}: ${counts.records} records are done. To go on: ` +
          `scorelane replay --config FILE --resume ${state.path}`,
      );
  }
  if (failure !== null) throw failure;
  if (!isDone) return told.by === undefined ? EXIT.unfinished : exitCodeBy(told.by);
  const report = reportOf(run, backends, seconds());
  await writeReport(report, flags);
  await state.remove();
  return EXIT.ok;
}

async function writeReport(report: ReplayReport, { json, html, quiet }: ReplayFlags): Promise<void> {
  if (json !== undefined) {
    const file = openOutFile(json);
    await file.write([JSON.stringify(report, null, 2)]);
    await file.end();
  }
  if (html !== undefined) {
    const file = openOutFile(html);
    await file.writeBytes(Buffer.from(reportPage(report)));
    await file.end();
  }
  if (!quiet) for (const line of reportInWords(report)) say(line);
}

interface Told {
  readonly by: Signal | undefined;
  readonly signal: AbortSignal;
}

function endingBySignal(withinMs: number): Told {
  const stop = new AbortController();
  let by: Signal | undefined;
  answerSignals((name) => {
    by ??= name;
    stop.abort(new Error(name));
    after(2 * withinMs, () => process.exit(EXIT.unfinished), { keepsAlive: false });
  });
  return {
    get by() {
      return by;
    },
    signal: stop.signal,
  };
}

/** After the run: its model and when it began. */
const stateName = ({ plan }: ReplayRun): string => {
  const { model, version } = plan.candidate;
  const when = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `replay-${basename(`${model}@${version}`)}-${when}.json`;
};

export const registerReplay: Register = (program, finish) => {
  withQuiet(
    withJob(program, 'replay', 'score a range of history with another version of a model, and compare'),
  )
    .option(
      '--model <name@version>',
      'the version to score with',
      argument(versionIn, 'a model and its version, such as fraud@2'),
    )
    .option('--against <version>', 'the version to compare it with, of the same model unless named')
    .option('--from <bound>', `where to begin: ${BOUND_EXPECTED}`)
    .option('--to <bound>', 'where to end: the same; latest is the end at the start of the replay')
    .option(
      '--score <field>',
      'the field of results that is compared: what a threshold of model.yaml looks at unless given, else the first number',
    )
    .option('--threshold <number>', 'scores above it decide; as model.yaml says unless given', numberArgument)
    .option('--labels <field>', 'the field of a record with its label: 0 or 1, true or false')
    .option(
      '--labels-topic <topic>',
      'labels are in records of this topic, joined by the first of output.ids',
    )
    .option('--to-topic <topic>', 'write the results there too')
    .option('--state <file>', 'where to keep how far it is; named after the run unless given')
    .option('--resume <file>', 'go on with an interrupted replay, from its state')
    .option('--save-every <duration>', 'how often that state is written; 10s unless given', durationArgument)
    .option('--json <file>', 'write the report as JSON')
    .option('--html <file>', 'write it as a page with plots')
    .action(async (flags: JobFlags & ReplayFlags) => {
      finish(await replayCommand(loadJob(flags), flags));
    });
};
