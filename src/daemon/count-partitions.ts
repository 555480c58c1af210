// Counts the partitions of the configured topics, and logs when a count has changed.

import { Seldom } from '../base/seldom.ts';
import { besidesOf } from '../config/outputs.ts';
import type { Config } from '../config/schema.ts';
import { isAway } from '../kafka/client-log.ts';
import type { Sink } from '../log/ports.ts';
import { keepsState, readManifest } from '../model/manifest.ts';
import { PartitionCounter } from '../pool/partition-counter.ts';
import type { Logger } from '../telemetry/log.ts';
import { modelFolder } from './configured-model.ts';
import { changesInWords } from './counts.ts';

/** Rejects with `MissingTopicError`. */
export function countPartitions(config: Config, sink: Sink, logger: Logger): Promise<PartitionCounter> {
  const topics = {
    input: config.input.topic,
    results: config.output.topic,
    deadLetters: config.deadLetters.topic,
  };
  const about = { topics, keepsState: keepsState(readManifest(modelFolder(config))) };
  const seldom = new Seldom();
  return PartitionCounter.start({
    sink,
    topics,
    routes: besidesOf(config).map(({ topic }) => topic),
    onChanged: (before, now) => {
      for (const line of changesInWords(before, now, about)) logger.warn(line);
    },
    // It is asked as often as lanes need it.
    onUnknown: ({ message }) => {
      if (isAway({ message })) return;
      if (seldom.repeatsOf(message) !== null) logger.warn(`partitions could not be counted: ${message}`);
    },
  });
}
