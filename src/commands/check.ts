// `scorelane check`: the promise that `run` starts. It tries all that `run` will need, without
// running, and names all that is wrong at once: the configuration with the source of each value,
// the model on a worker thread, files, folders, the registry, the broker, rights and topics.

import { tryFolder } from '../base/make-folder.ts';
import { effectiveJson, printEffective } from '../config/effective.ts';
import { leafByKey } from '../config/leaves.ts';
import { ConfigError } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { schemaOfResults } from '../daemon/avro-setup.ts';
import { modelFolder } from '../daemon/configured-model.ts';
import { backendsWithin, type FittedJobs, fittedAll } from '../daemon/memory.ts';
import { statesFolder, TrialThread, withStates } from '../daemon/pools.ts';
import { adviceToRun } from '../daemon/topic-settings.ts';
import { scorerSetup } from '../daemon/worker-setup.ts';
import { type CheckedModel, type JobLookedAt, lookAt, patienceFor } from './check-job.ts';
import { type CheckPart, CheckReport } from './check-report.ts';
import { type ConfigFlags, loadWith, type Register, withConfig } from './options.ts';
import { say } from './say.ts';

interface CheckOptions {
  readonly json: boolean;
}

export async function check(loaded: LoadedConfig, { json }: CheckOptions): Promise<number> {
  const { jobs } = loaded;
  const report = new CheckReport(json, effectiveJson(loaded), jobs.length > 1);
  if (!json) for (const line of printEffective(loaded)) say(line);
  const looked: JobLookedAt[] = [];
  for (const job of jobs) {
    const part = report.of(job.name, (key) => (leafByKey.has(key) ? job.placeOf(key) : undefined));
    // Refused here, if the threads have no room, as it is by `run`: nothing is tried then.
    const config = await part.attempt(() => backendsWithin(job.config, job.isGiven));
    if (config !== undefined) looked.push(await lookAt(job, config, part));
  }
  const within = await checkMemory(looked, jobs.length, report);
  await checkThread(looked, within);
  return report.end();
}

/**
 * All that a worker thread is told, one that is told it for all jobs, as they share threads, and
 * the folders for states.
 */
async function checkThread(looked: readonly JobLookedAt[], within: readonly Config[]): Promise<void> {
  const [first] = within;
  if (first === undefined || looked.every(({ model }) => model === undefined)) return;
  const thread = new TrialThread(first);
  try {
    for (const [index, { job, part, model }] of looked.entries())
      if (model !== undefined)
        await checkJobOnThread(within[index] as Config, {
          thread,
          part,
          model,
          job: looked.length > 1 ? job.name : '',
        });
  } finally {
    await thread.stop();
  }
}

interface OnThread {
  readonly thread: TrialThread;
  readonly part: CheckPart;
  readonly model: CheckedModel;
  /** Empty where it is the only one. */
  readonly job: string;
}

async function checkJobOnThread(config: Config, { thread, part, model, job }: OnThread): Promise<void> {
  const folder = modelFolder(config);
  const setup = await part.attempt(() => {
    if (config.output.format === 'avro') schemaOfResults(config, folder);
    // Nothing is written, and no schema is registered.
    const { backend } = model.choice;
    return scorerSetup(config, { modelFolder: folder, backend, resultFrame: new Uint8Array(0) }, job);
  });
  if (setup !== undefined)
    await part.attempt(async () => {
      await thread.load(setup);
      part.say(
        'ok',
        `a worker thread has loaded model ${config.model.name}, within scoring.heapBytes and scoring.deadline`,
      );
    });
  if (!model.keepsState) return;
  const states = statesFolder(config);
  await part.attempt(() => {
    withStates(config, () => tryFolder(states));
    part.say('ok', `states can be written to ${states}`);
  });
}

/**
 * All jobs share the memory. Resolves to their configurations within it, where its sum can be
 * known; and says what the topics refuse.
 */
async function checkMemory(
  looked: readonly JobLookedAt[],
  jobs: number,
  report: CheckReport,
): Promise<readonly Config[]> {
  const configs = looked.map(({ config }) => config);
  const ready = looked.flatMap(({ job, config, model, hasTopics }) =>
    model === undefined || !hasTopics ? [] : [{ config, isGiven: job.isGiven, choice: model.choice }],
  );
  const [first] = ready;
  let fit: FittedJobs | undefined;
  if (first !== undefined && ready.length === jobs)
    fit = await report.forAll.attempt(async () => {
      const found = await fittedAll(ready, patienceFor(first.config));
      if (found.lines.length > 0) report.forAll.say('ok', found.lines.join('\n'));
      return found;
    });
  else if (first !== undefined)
    report.forAll.say(
      'note',
      'the memory was not looked at, as that needs the models and the topics of all jobs',
    );
  for (const { config, part, model, hasTopics } of looked) {
    if (model === undefined || !hasTopics) continue;
    await part.attempt(async () => {
      const { problems, warnings, notes } = await adviceToRun(config, patienceFor(config));
      for (const warning of warnings) part.say('warning', warning);
      for (const note of notes) part.say('note', note);
      if (problems.length > 0) throw new ConfigError(problems);
    });
  }
  return fit?.configs ?? configs;
}

/** Or the exit code, where it cannot be loaded and programs are told why. */
function loadedOrTold(flags: ConfigFlags, json: boolean): LoadedConfig | number {
  try {
    return loadWith(flags);
  } catch (error) {
    if (!json) throw error;
    const report = new CheckReport(true, {});
    report.forAll.wrong(error);
    return report.end();
  }
}

export const registerCheck: Register = (program, finish) => {
  withConfig(program, 'check', 'try all that run needs, and say whether it would start')
    .option('--json', 'one JSON document: what was found, and every value with its source', false)
    .action(async ({ json, ...flags }: ConfigFlags & CheckOptions) => {
      const found = loadedOrTold(flags, json);
      finish(typeof found === 'number' ? found : await check(found, { json }));
    });
};
