// What `check` tries of one job, beside what jobs have in common: its model, its registry, its
// load, its rights and its topics.

import type { LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { unusedKeys } from '../config/unused.ts';
import { askForResults, askRegistry } from '../daemon/avro-setup.ts';
import { backendFor, modelFolder } from '../daemon/configured-model.ts';
import { spreading } from '../daemon/counts.ts';
import { adviceOnWorkers } from '../daemon/engine-limits.ts';
import { implied } from '../daemon/implied.ts';
import { askSource } from '../daemon/model-source.ts';
import { connectSink, impatient, openSink, outputTopics } from '../daemon/open-log.ts';
import { requireRights, wantedToRun } from '../daemon/rights.ts';
import { aclCommands } from '../kafka/acl-commands.ts';
import { wordsOf } from '../kafka/rights.ts';
import { type BackendChoice, explainChoice } from '../model/choose.ts';
import { keepsState, type ModelManifest, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { createLogger } from '../telemetry/log.ts';
import type { CheckPart } from './check-report.ts';
import { loadFor } from './generated.ts';

/** A job of which all has been tried that it does not share with others. */
export interface JobLookedAt {
  readonly job: LoadedJob;
  readonly config: Config;
  readonly part: CheckPart;
  /** Undefined where something is wrong with it. */
  readonly model: CheckedModel | undefined;
  readonly hasTopics: boolean;
}

export async function lookAt(job: LoadedJob, config: Config, part: CheckPart): Promise<JobLookedAt> {
  for (const warning of adviceOnWorkers(config)) part.say('warning', warning);
  const source = await part.attempt(() => askSource(config));
  if (source !== undefined && source !== null) part.say('ok', source);
  const model = await checkModel(config, part);
  const given = [...job.origins].filter(([, origin]) => origin !== 'fallback').map(([key]) => key);
  for (const { key, why } of unusedKeys(config, given, model?.keepsState ?? true))
    part.say('unused', `${key} (${job.origins.get(key)}): ${why}`);
  await part.attempt(async () => {
    const registry = await askRegistry(config);
    if (registry === null) return;
    part.say('ok', `the schema registry at ${registry} answers`);
    const results = model === undefined ? null : await askForResults(config, modelFolder(config));
    if (results !== null) part.say(results.isKnown ? 'ok' : 'note', results.message);
  });
  await part.attempt(async () => {
    const { recordsPerSecond, file } = config.generate;
    if (config.log !== 'memory' || recordsPerSecond === 0 || model === undefined) return;
    await (await loadFor(config)).take(1);
    const what = file === undefined ? 'generated records' : `records of ${file}`;
    part.say('ok', `${what} can be sent to ${config.input.topic}, ${recordsPerSecond} a second`);
  });
  const hasTopics = await checkLog(config, model, part);
  return { job, config, part, model, hasTopics };
}

export interface CheckedModel {
  readonly choice: BackendChoice;
  readonly keepsState: boolean;
  /** The fields by which windows are kept, if records must be keyed by them. */
  readonly fields: readonly string[];
}

const fieldsToBeKeyedBy = ({ inputs, windows }: ModelManifest): string[] =>
  windows.partitioning === 'trusted'
    ? []
    : [...new Set(inputs.flatMap((input) => (input.kind === 'window' ? (input.window.by ?? []) : [])))];

function isHere(config: Config): boolean {
  try {
    return modelFolder(config) !== '';
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

function checkModel(config: Config, report: CheckPart): Promise<CheckedModel | undefined> {
  return report.attempt(async () => {
    if (config.model.source !== undefined && !isHere(config)) {
      report.say(
        'note',
        `no version of model ${config.model.name} that may serve is here yet, so none was tried`,
      );
      return undefined;
    }
    const choice = await backendFor(config);
    report.say('ok', `model ${config.model.name}, golden records agree; backend ${explainChoice(choice)}`);
    const manifest = readManifest(modelFolder(config));
    return { choice, keepsState: keepsState(manifest), fields: fieldsToBeKeyedBy(manifest) };
  });
}

/** Resolves to whether the topics are there. */
async function checkLog(config: Config, model: CheckedModel | undefined, part: CheckPart): Promise<boolean> {
  const rights = wantedToRun(config);
  await part.attempt(() => sayCommands(config, part));
  const may = await part.attempt(async () => {
    await requireRights(config, rights, patienceFor(config));
    return true;
  });
  if (may === undefined) {
    part.say('note', 'topics and memory were not looked at');
    return false;
  }
  if (config.log === 'kafka') part.say('ok', `rights ${rights.map(wordsOf).join(', ')}; nobody else's group`);
  if (config.log === 'none') {
    part.say('ok', 'no broker and no topics are needed, as log is none');
    return true;
  }
  return checkTopics(config, model?.fields ?? [], part);
}

/** For whoever gives the rights: also where some are missing, and most of all then. */
function sayCommands(config: Config, part: CheckPart): void {
  if (config.log !== 'kafka') return;
  const { input, output, labels } = config;
  const joined = labels.topic === undefined ? [] : [labels.topic, output.topic];
  const commands = aclCommands(config.kafka, { input: input.topic, outputs: outputTopics(config), joined });
  if (commands === null) return;
  const { needed, toLook, toJoin, doubt } = commands;
  part.say(
    'implied',
    [
      `the rights that run needs, as commands${doubt === null ? '' : ` (${doubt})`}:`,
      ...needed.map((line) => `  ${line}`),
      '  and to look at the settings of topics and brokers:',
      ...toLook.map((line) => `  ${line}`),
      ...(toJoin.length === 0 ? [] : ['  and to join results with labels:']),
      ...toJoin.map((line) => `  ${line}`),
    ].join('\n'),
  );
}

export const patienceFor = (config: Config) => impatient(config, createLogger('silent'));

/** Each topic is asked for: one that is missing hides no other. */
async function checkTopics(config: Config, fields: readonly string[], report: CheckPart): Promise<boolean> {
  const patience = patienceFor(config);
  const sink = openSink(config, createLogger('silent'));
  const { topic: labels } = config.labels;
  const names = [config.input.topic, ...outputTopics(config), ...(labels === undefined ? [] : [labels])];
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
    for (const sentence of implied(config, input)) report.say('implied', sentence);
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
