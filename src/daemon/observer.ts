// What the engine does, told to the meter and to the log.

import type { Observer } from '../engine/observer.ts';
import { isAway } from '../kafka/client-log.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { describeEffect } from './describe-effect.ts';
import { LaneLines } from './lane-lines.ts';
import type { OwnPartitions } from './own-partitions.ts';

export const logObserver = (logger: Logger, meter: Meter, ownPartitions: OwnPartitions): Observer => {
  const lanes = new LaneLines(logger);
  return {
    scored: (microBatch, outcome, waitedMs) => {
      meter.flow.opened(microBatch, outcome.scored + outcome.deadLetters + outcome.skipped);
      meter.microBatchScored(outcome, waitedMs);
    },
    produced: (lane, outcome, producedInMs) => {
      const wallMs = Date.now();
      meter.microBatchAcknowledged(keyOf(lane), outcome, producedInMs, wallMs);
      if (outcome.deadLetters > 0) meter.deadLettersOf(lane, outcome, wallMs);
    },
    mended: (lane, { deadLetters, refusal }) =>
      logger.warn(
        `lane ${keyOf(lane)}: a micro-batch with refused records has ${deadLetters} dead letters: ${refusal}`,
      ),
    lost: (partitions) => {
      meter.flow.counts.losses++;
      ownPartitions.lost();
      logger.warn(
        { partitions: partitions.map(keyOf) },
        'lost unasked, perhaps as nothing was heard from here for kafka.session.timeout.ms: answers may repeat',
      );
    },
    assigned: (partitions) => {
      meter.flow.counts.rebalances++;
      ownPartitions.assigned();
      meter.lanesAssigned(partitions.map(keyOf));
      logger.info({ partitions: partitions.map((each) => `${keyOf(each)}@${each.position}`) }, 'assigned');
      const remade = partitions.filter(({ replaces }) => replaces !== undefined);
      for (const [topic, ofTopic] of Map.groupBy(remade, (each) => each.topic)) {
        meter.count('partitionsRemade', ofTopic.length);
        logger.error(
          {
            code: 'SCORELANE_TOPIC_REMADE',
            before: ofTopic[0]?.replaces,
            now: ofTopic[0]?.incarnation,
            partitions: ofTopic.map(keyOf),
          },
          `topic ${topic} was deleted and made again: what was committed is of the old one; the new one is scored from its start`,
        );
      }
    },
    outOfRange: ({ position, logStart, logEnd, resumedAt, ...partition }) =>
      logger.error(
        { position, logStart, logEnd, resumedAt },
        `${keyOf(partition)}: the log does not hold offset ${position} any more; going on at ${resumedAt}`,
      ),
    commitFailed: ({ code, message, stack }) => {
      meter.count('commitsFailed');
      logger[levelOf(message)]({ code, stack }, `offsets were not committed, trying again: ${message}`);
    },
    logEndsUnknown: ({ code, message }) =>
      logger[levelOf(message)]({ code }, `the log does not say where it ends: ${message}`),
    committed: (commits, tookMs) => {
      meter.flow.counts.commits++;
      meter.flow.commitSeconds.add(tookMs / 1000);
      if (logger.isLevelEnabled('debug'))
        logger.debug({ partitions: commits.map((each) => `${keyOf(each)}@${each.next}`) }, 'committed');
    },
    effect(effect) {
      // There are some for each record batch: make no words that nobody reads.
      if (logger.isLevelEnabled('trace')) logger.trace(describeEffect(effect));
      switch (effect.type) {
        case 'pause':
          meter.flow.counts.pauses++;
          return;
        case 'trouble':
          meter.flow.retried(effect.failure.code);
          lanes.trouble(keyOf(effect.lane), effect.failure, effect.attempts);
          return;
        case 'recovered':
          lanes.recovered(keyOf(effect.lane));
          return;
        case 'abandoned':
          meter.count('abandonedMicroBatches', effect.microBatches);
          lanes.abandoned(keyOf(effect.lane), effect.microBatches, effect.why);
          return;
        case 'settled':
          if (effect.unfinished.length > 0) {
            logger.warn(`a rebalance did not wait any longer for: ${effect.unfinished.join(', ')}`);
          }
          return;
        case 'stalled':
          meter.flow.counts.stalls++;
          logger.error(
            { code: 'SCORELANE_STALLED', lanes: effect.lanes },
            `not ready: no sign of life for lanes.stallAfter, joining the group again: ${effect.lanes.join('; ')}`,
          );
          return;
        default:
      }
    },
  };
};

/** What follows from a broker that is away is not one more cause. */
const levelOf = (message: string): 'warn' | 'debug' => (isAway({ message }) ? 'debug' : 'warn');
