// `scorelane check`: checks all that `run` will need, without running: the configuration with the
// source of each value, the model with its golden records, the broker and the topics.

import { EXIT } from '../base/errors.ts';
import { printEffective } from '../config/effective.ts';
import type { LoadedConfig } from '../config/load.ts';
import { askRegistry } from '../daemon/avro-setup.ts';
import { backendFor, modelFolder } from '../daemon/configured-model.ts';
import { countPartitions } from '../daemon/count-partitions.ts';
import { spreading } from '../daemon/counts.ts';
import { backendsWithin, fitted } from '../daemon/memory.ts';
import { connectSink, impatient, openSink } from '../daemon/open-log.ts';
import { requireRights, wantedToRun } from '../daemon/rights.ts';
import { adviceToRun } from '../daemon/topic-settings.ts';
import { scorerSetup } from '../daemon/worker-setup.ts';
import { wordsOf } from '../kafka/rights.ts';
import { explainChoice } from '../model/choose.ts';
import { createLogger } from '../telemetry/log.ts';
import { type ConfigFlags, loadWith, type Register, withConfig } from './options.ts';

export async function check(loaded: LoadedConfig): Promise<number> {
  const isGiven = (key: string): boolean => loaded.origins.has(key);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  for (const line of printEffective(loaded)) say(line);
  const config = backendsWithin(loaded.config, isGiven);
  const folder = modelFolder(config);
  const choice = await backendFor(config);
  say(`ok: model ${config.model.name}, golden records agree; backend ${explainChoice(choice)}`);
  const registry = await askRegistry(config);
  if (registry !== null) say(`ok: the schema registry at ${registry} answers`);
  const sink = openSink(config, createLogger(config.telemetry.logLevel, config.telemetry.logFormat));
  const patience = impatient(config, createLogger('silent'));
  const rights = wantedToRun(config);
  await requireRights(config, rights, patience);
  if (config.log === 'kafka') say(`ok: rights ${rights.map(wordsOf).join(', ')}; nobody else's group`);
  const { lines } = await fitted(config, isGiven, choice, patience);
  if (lines.length > 0) say(`ok: ${lines.join('\n')}`);
  await connectSink(sink, config, patience);
  try {
    scorerSetup(config, {
      modelFolder: folder,
      backend: choice.backend,
      // Nothing is written, and no schema is registered.
      resultFrame: new Uint8Array(0),
    });
    const { input, results } = (await countPartitions(config, sink, createLogger('silent'))).now;
    say(
      `ok: topics ${config.input.topic} (${input} partitions), ${config.output.topic} ` +
        `(${results}; results go ${spreading(input, results)}), ${config.deadLetters.topic}`,
    );
    const { warnings, notes } = await adviceToRun(config, patience);
    for (const warning of warnings) say(`warning: ${warning}`);
    for (const note of notes) say(`note: ${note}`);
  } finally {
    await sink.stop();
  }
  return EXIT.ok;
}

export const registerCheck: Register = (program, finish) => {
  withConfig(program, 'check', 'validate the configuration, the model, the broker and the topics').action(
    async (flags: ConfigFlags) => {
      finish(await check(loadWith(flags)));
    },
  );
};
