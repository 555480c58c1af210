// Messages and effects as they are kept for a dump: without the bytes of records, which would hold
// memory and may be private. The engine never looks at bytes, so a replay without them does the
// same steps.

import type { RawRecordBatch } from '../log/record-batch.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome, TimestampRuns } from '../scoring/outcome.ts';
import { NOT_TRACED } from '../scoring/traced.ts';
import type { Arrival, Effect, Message } from './messages.ts';

const NO_BYTES = new Uint8Array(0);
const NO_TIMESTAMPS: TimestampRuns = { timestampsMs: [], counts: [] };

/**
 * An effect as a dump keeps it: in place of outputs and record batches, only how many there are.
 */
export type KeptEffect =
  | Exclude<Effect, { readonly type: 'score' | 'produce' }>
  | {
      readonly type: 'score';
      readonly task: readonly {
        readonly microBatch: Omit<MicroBatch, 'batches'>;
        readonly arrivedAtMs: number;
        readonly batches: number;
      }[];
    }
  | (Omit<Extract<Effect, { readonly type: 'produce' }>, 'batches' | 'outcome'> & {
      readonly batches: number;
      readonly outputs: number;
    });

export const batchWithoutBytes = <B extends RawRecordBatch>(batch: B): B => ({ ...batch, bytes: NO_BYTES });

export const outcomeWithoutBytes = (outcome: Outcome): Outcome => ({
  ...outcome,
  outputs: outcome.outputs.map((output) => ({ ...output, bytes: NO_BYTES })),
  timestamps: NO_TIMESTAMPS,
  traced: NOT_TRACED,
});

/** A copy of the names alone: sources and lanes hand over objects that they change later. */
const named = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });

export function messageWithoutBytes(message: Message): Message {
  switch (message.type) {
    case 'fetched': {
      const { fetched } = message;
      return { type: 'fetched', fetched: { ...fetched, batches: fetched.batches.map(batchWithoutBytes) } };
    }
    case 'together':
      return {
        type: 'together',
        arrivals: message.arrivals.map((each) => messageWithoutBytes(each) as Arrival),
      };
    case 'scored':
    case 'mended':
      return { ...message, outcome: outcomeWithoutBytes(message.outcome) };
    case 'revoking':
    case 'revoked':
    case 'lost':
      return { ...message, partitions: message.partitions.map(named) };
    default:
      return message;
  }
}

export function effectWithoutBytes(effect: Effect): KeptEffect {
  switch (effect.type) {
    case 'score': {
      const task = effect.task.map(({ microBatch: { batches, ...microBatch }, arrivedAtMs }) => ({
        microBatch,
        arrivedAtMs,
        batches: batches.length,
      }));
      return { type: 'score', task };
    }
    case 'produce': {
      const { type, lane, id, answered, batches, deployment, outcome } = effect;
      return {
        type,
        lane,
        id,
        answered,
        deployment,
        batches: batches.length,
        outputs: outcome.outputs.length,
      };
    }
    case 'pause':
    case 'resume':
    case 'seek':
      return { ...effect, partition: named(effect.partition) };
    default:
      return effect;
  }
}
