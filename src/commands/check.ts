// `scorelane check`: the promise that `run` starts. It tries all that `run` will need, without
// running, and names all that is wrong at once: the configuration with the source of each value,
// the model on a worker thread, files, folders, the registry, the broker, rights and topics.

import { tryFolder } from '../base/make-folder.ts';
import { effectiveJson, printEffective } from '../config/effective.ts';
import { ConfigError, theJob } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { unusedKeys } from '../config/unused.ts';
import { askForResults, askRegistry, schemaOfResults } from '../daemon/avro-setup.ts';
import { backendFor, modelFolder } from '../daemon/configured-model.ts';
import { spreading } from '../daemon/counts.ts';
import { adviceOnWorkers } from '../daemon/engine-limits.ts';
import { backendsWithin, fitted } from '../daemon/memory.ts';
import { connectSink, impatient, openSink, outputTopics } from '../daemon/open-log.ts';
import { statesFolder, tryThread, withStates } from '../daemon/pools.ts';
import { requireRights, wantedToRun } from '../daemon/rights.ts';
import { adviceToRun } from '../daemon/topic-settings.ts';
import { scorerSetup } from '../daemon/worker-setup.ts';
import { wordsOf } from '../kafka/rights.ts';
import { type BackendChoice, explainChoice } from '../model/choose.ts';
import { keepsState, type ModelManifest, readManifest } from '../model/manifest.ts';
import { createLogger } from '../telemetry/log.ts';
import { CheckReport } from './check-report.ts';
import { loadFor } from './generated.ts';
import { type ConfigFlags, loadWith, type Register, withConfig } from './options.ts';

interface CheckOptions {
  readonly json: boolean;
}

export async function check(loaded: LoadedConfig, { json }: CheckOptions): Promise<number> {
  const report = new CheckReport(json, effectiveJson(loaded));
  if (!json) for (const line of printEffective(loaded)) process.stdout.write(`${line}\n`);
  const job = theJob(loaded);
  const { isGiven, origins } = job;
  // Refused here, if the threads have no room, as it is by `run`: nothing is tried then.
  const config = await report.attempt(() => backendsWithin(job.config, isGiven));
  if (config === undefined) return report.end();
  for (const warning of adviceOnWorkers(config)) report.say('warning', warning);
  const model = await checkModel(config, report);
  for (const { key, why } of unusedKeys(config, origins.keys(), model?.keepsState ?? true))
    report.say('unused', `${key} (${origins.get(key)}): ${why}`);
  await report.attempt(async () => {
    const registry = await askRegistry(config);
    if (registry === null) return;
    report.say('ok', `the schema registry at ${registry} answers`);
    const results = model === undefined ? null : await askForResults(config, modelFolder(config));
    if (results !== null) report.say(results.isKnown ? 'ok' : 'note', results.message);
  });
  await report.attempt(async () => {
    const { recordsPerSecond, file } = config.generate;
    if (config.log !== 'memory' || recordsPerSecond === 0 || model === undefined) return;
    await (await loadFor(config)).take(1);
    const what = file === undefined ? 'generated records' : `records of ${file}`;
    report.say('ok', `${what} can be sent, ${recordsPerSecond} a second`);
  });
  const within = await checkLog(config, isGiven, model, report);
  if (model !== undefined) await checkThread(within, model.choice, report);
  return report.end();
}

interface CheckedModel {
  readonly choice: BackendChoice;
  readonly keepsState: boolean;
  /** The fields by which windows are kept, if records must be keyed by them. */
  readonly fields: readonly string[];
}

const fieldsToBeKeyedBy = ({ inputs, windows }: ModelManifest): string[] =>
  windows.partitioning === 'trusted'
    ? []
    : [...new Set(inputs.flatMap((input) => (input.kind === 'window' ? (input.window.by ?? []) : [])))];

function checkModel(config: Config, report: CheckReport): Promise<CheckedModel | undefined> {
  return report.attempt(async () => {
    const choice = await backendFor(config);
    report.say('ok', `model ${config.model.name}, golden records agree; backend ${explainChoice(choice)}`);
    const manifest = readManifest(modelFolder(config));
    return { choice, keepsState: keepsState(manifest), fields: fieldsToBeKeyedBy(manifest) };
  });
}

/** All that a worker thread is told, one that it is told to, and the folder for its states. */
async function checkThread(config: Config, { backend }: BackendChoice, report: CheckReport): Promise<void> {
  const folder = modelFolder(config);
  const setup = await report.attempt(() => {
    if (config.output.format === 'avro') schemaOfResults(config, folder);
    // Nothing is written, and no schema is registered.
    return scorerSetup(config, { modelFolder: folder, backend, resultFrame: new Uint8Array(0) });
  });
  if (setup !== undefined)
    await report.attempt(async () => {
      await tryThread(config, setup);
      report.say('ok', 'a worker thread has loaded it, within scoring.heapBytes and scoring.deadline');
    });
  if (!keepsState(readManifest(folder))) return;
  const states = statesFolder(config);
  await report.attempt(() => {
    withStates(config, () => tryFolder(states));
    report.say('ok', `states can be written to ${states}`);
  });
}

/** Resolves to the configuration within the memory that there is. */
async function checkLog(
  config: Config,
  isGiven: (key: string) => boolean,
  model: CheckedModel | undefined,
  report: CheckReport,
): Promise<Config> {
  const patience = impatient(config, createLogger('silent'));
  const rights = wantedToRun(config);
  const may = await report.attempt(async () => {
    await requireRights(config, rights, patience);
    return true;
  });
  if (may === undefined) {
    report.say('note', 'topics and memory were not looked at');
    return config;
  }
  if (config.log === 'kafka')
    report.say('ok', `rights ${rights.map(wordsOf).join(', ')}; nobody else's group`);
  const areThere = await checkTopics(config, model?.fields ?? [], report);
  if (!areThere || model === undefined) return config;
  const within = await report.attempt(async () => {
    const fit = await fitted(config, isGiven, model.choice, patience);
    if (fit.lines.length > 0) report.say('ok', fit.lines.join('\n'));
    return fit.config;
  });
  await report.attempt(async () => {
    const { problems, warnings, notes } = await adviceToRun(config, patience);
    for (const warning of warnings) report.say('warning', warning);
    for (const note of notes) report.say('note', note);
    if (problems.length > 0) throw new ConfigError(problems);
  });
  return within ?? config;
}

/** Each topic is asked for: one that is missing hides no other. */
async function checkTopics(config: Config, fields: readonly string[], report: CheckReport): Promise<boolean> {
  const patience = impatient(config, createLogger('silent'));
  const sink = openSink(config, createLogger('silent'));
  const names = [config.input.topic, ...outputTopics(config)];
  try {
    const counts = await report.attempt(async () => {
      await connectSink(sink, config, patience);
      return Promise.allSettled(names.map((topic) => sink.partitionCount(topic)));
    });
    if (counts === undefined) return false;
    const missing = counts.filter((count) => count.status === 'rejected');
    for (const { reason } of missing) report.wrong(reason);
    const [input = 0, results = 0] = counts.map((count) => (count.status === 'fulfilled' ? count.value : 0));
    if (missing.length > 0) return false;
    report.say(
      'ok',
      `topics ${names[0]} (${input} partition${input === 1 ? '' : 's'}), ${names[1]} ` +
        `(${results}; results go ${spreading(input, results)}), ${names.slice(2).join(', ')}`,
    );
    if (input > 1 && fields.length > 0)
      report.say(
        'warning',
        `the model keeps windows by ${fields.join(' and by ')}, and ${config.input.topic} has ${input} partitions: records whose key ` +
          `is not ${fields.length > 1 ? 'each of them' : 'that field'} become dead letters (NOT_COPARTITIONED). ` +
          'Key them so, or give the topic one partition',
      );
    return true;
  } finally {
    await sink.stop();
  }
}

/** Or the exit code, where it cannot be loaded and programs are told why. */
function loadedOrTold(flags: ConfigFlags, json: boolean): LoadedConfig | number {
  try {
    return loadWith(flags);
  } catch (error) {
    if (!json) throw error;
    const report = new CheckReport(true, {});
    report.wrong(error);
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
