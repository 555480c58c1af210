// Compares the settings of the topics, and of the broker, with what will be written there: `check`
// and the start of `run` say what will be refused.

import { ConfigError } from '../config/load.ts';
import { besidesOf } from '../config/outputs.ts';
import type { Config } from '../config/schema.ts';
import { createKafka } from '../kafka/client.ts';
import { unreachable } from '../kafka/refusal.ts';
import { type TopicSettings, topicSettings, type Unreadable } from '../kafka/topic-settings.ts';
import { topicWarnings, type Written } from '../kafka/topic-warnings.ts';
import type { Logger } from '../telemetry/log.ts';
import { beyondBroker } from './broker-limits.ts';
import { intoLog } from './client-lines.ts';
import { keepTrying, type Patience } from './keep-trying.ts';
import { hopelessFor } from './rights.ts';

export interface Advice {
  /** Why nothing can begin. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
}

type Writing = Pick<Written, 'topic' | 'what'>;

/** What is written by `run`. Nothing is asked of the embedded log. Rejects as `keepTrying` does. */
export const adviceToRun = (config: Config, patience: Patience): Promise<Advice> => {
  const { output, deadLetters } = config;
  const writings: Writing[] = [
    { topic: output.topic, what: 'results' },
    { topic: deadLetters.topic, what: 'dead letters' },
    ...besidesOf(config).map(({ topic }) => ({ topic, what: 'results' as const })),
  ];
  return advice(config, patience, config.input.topic, writings);
};

/** And by `dlq redrive`. */
export const adviceToRedrive = (config: Config, patience: Patience): Promise<Advice> =>
  advice(config, patience, config.deadLetters.topic, [
    { topic: config.input.topic, what: 'records sent back' },
  ]);

async function advice(
  config: Config,
  patience: Patience,
  source: string,
  writings: readonly Writing[],
): Promise<Advice> {
  const { kafka, log, limits } = config;
  if (log !== 'kafka') return { problems: [], warnings: [], notes: [] };
  const client = createKafka(kafka, intoLog(patience.logger));
  const topics = [...new Set([source, ...writings.map(({ topic }) => topic)])];
  const found = await keepTrying(() => topicSettings(client, topics), {
    where: `no broker at ${kafka['bootstrap.servers']}`,
    ...patience,
    hopeless: hopelessFor(config, source, 'Read'),
    describe: (error) => unreachable(error, kafka),
  });
  const known = new Map(found.topics.filter(isKnown).map((settings) => [settings.topic, settings]));
  const from = known.get(source);
  return {
    problems: 'why' in found.broker ? [] : beyondBroker(config, found.broker),
    warnings: writings.flatMap((writing) => {
      const settings = known.get(writing.topic);
      if (settings === undefined) return [];
      return topicWarnings({ ...writing, from, batchBytes: limits.resultBatchBytes }, settings);
    }),
    notes: [
      ...found.topics.flatMap((each) =>
        isKnown(each) ? [] : [`the settings of topic ${each.topic} are not known: ${each.why}`],
      ),
      ...('why' in found.broker
        ? [`the limits of the broker for sessions and transactions are not known: ${found.broker.why}`]
        : []),
    ],
  };
}

/** Throws `ConfigError`. */
export function heedAdvice({ problems, warnings, notes }: Advice, logger: Logger): void {
  if (problems.length > 0) throw new ConfigError(problems);
  for (const warning of warnings) logger.warn(warning);
  for (const note of notes) logger.info(note);
}

const isKnown = (found: TopicSettings | Unreadable): found is TopicSettings => 'settings' in found;
