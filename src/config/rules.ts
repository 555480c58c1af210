// Rules about several keys: finds keys that contradict each other, by the values that are in
// effect.

import { waitMsMax } from '../codec/registry.ts';
import { protocolsOf } from '../kafka/addresses.ts';
import type { Config } from './schema.ts';

/** Topics that brokers write themselves, for example to keep the commits of groups. */
const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
  '__cluster_metadata',
]);

export interface Contradiction {
  /** The key to change. The message says where it was set. */
  readonly key: string;
  readonly message: string;
}

export const contradictions = (config: Config): Contradiction[] => [
  ...circles(config),
  ...waits(config),
  ...protocols(config),
];

const PROTOCOLS: ReadonlySet<string> = new Set(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']);

/**
 * If an address begins with SASL_SSL://, a connection in plain text would be a surprise. Other
 * words name listeners.
 */
function protocols({ kafka }: Config): Contradiction[] {
  const wanted = kafka['security.protocol'];
  const others = protocolsOf(kafka['bootstrap.servers']).filter(
    (each) => PROTOCOLS.has(each) && each !== wanted,
  );
  return others.map((protocol) => ({
    key: 'kafka.security.protocol',
    message: `expected ${protocol}, as kafka.bootstrap.servers says in front of ://, found ${wanted}`,
  }));
}

/** While a lane waits for a schema it shows no progress. The registry is asked three times. */
function waits({ registry, lanes }: Config): Contradiction[] {
  const waitMs = waitMsMax({ timeoutMs: registry.timeout });
  if (registry.url === undefined || waitMs < lanes.stallAfter) return [];
  const message =
    `expected less than a third of lanes.stallAfter, ${lanes.stallAfter} ms, found ${registry.timeout} ms: a lane that waits for a ` +
    'schema would look stalled, and the group would be joined again';
  return [{ key: 'registry.timeout', message }];
}

/**
 * A daemon that reads its own output would score for ever. Results and dead letters in one topic
 * are no circle: the daemon does not read them.
 */
function circles({ input, output, deadLetters }: Config): Contradiction[] {
  const found: Contradiction[] = [];
  const topics = {
    'input.topic': input.topic,
    'output.topic': output.topic,
    'deadLetters.topic': deadLetters.topic,
  };
  for (const [key, topic] of Object.entries(topics)) {
    // Each commit is a record in this topic. As an input it would never end. And only the broker
    // may write to it.
    if (INTERNAL_TOPICS.has(topic))
      found.push({ key, message: `expected a topic that is not the broker's own, found "${topic}"` });
  }
  for (const key of ['output.topic', 'deadLetters.topic'] as const) {
    if (topics[key] !== input.topic) continue;
    found.push({
      key,
      message:
        `expected another topic than input.topic, found "${input.topic}": ` +
        'what is written there would be read and scored again, for ever',
    });
  }
  return found;
}
