// Warns, before anything is written, which records a topic will refuse or change because of its
// settings.

import type { TopicSettings } from './topic-settings.ts';

/** A topic that is written to. */
export interface Written {
  readonly topic: string;
  /** What kind of records is written. */
  readonly what: 'results' | 'dead letters' | 'records sent back';
  /**
   * The topic of the records whose keys and timestamps are copied; undefined where it is not known.
   */
  readonly from: TopicSettings | undefined;
  /** A batch is closed at so many bytes. */
  readonly batchBytes: number;
}

const REFUSED = {
  results: 'their records become dead letters (RESULT_REFUSED)',
  'dead letters': 'their lane stops, not ready',
  'records sent back': 'the command ends there, before it has sent the rest',
} as const;

const NEVER = 2n ** 63n - 1n;

export function topicWarnings(written: Written, found: TopicSettings): string[] {
  const say = (setting: string, advice: string): string =>
    `topic ${written.topic} (${written.what}) has ${setting}=${found.settings.get(setting)}: ${advice}`;
  return [
    ...ofTime(written, found, say),
    ...ofCompaction(written, found, say),
    ...ofSize(written, found, say),
  ];
}

type Say = (setting: string, advice: string) => string;

function ofTime({ what, from, topic }: Written, found: TopicSettings, say: Say): string[] {
  const { settings } = found;
  if (settings.get('message.timestamp.type') === 'LogAppendTime') {
    const lost = {
      results: 'readers do not see the times of the records that were scored',
      'dead letters':
        'the records lose their own timestamps, and dlq redrive sends them back with that of their dead letter',
      'records sent back': 'they do not get their own timestamps back',
    }[what];
    return [
      say(
        'message.timestamp.type',
        `all that is written there is dated by the broker's clock; ${lost}. Set CreateTime on ${topic}`,
      ),
    ];
  }
  const refused =
    what === 'dead letters'
      ? 'are dated again, and keep their own time in __scorelane.errors.timestamp'
      : `are refused: ${REFUSED[what]}`;
  const before = bound(settings, 'before');
  const after = bound(settings, 'after');
  const isPast = before !== undefined && before.ms < oldestMs(from?.settings);
  // Where nobody has set it on this topic, the topic of the records has it most probably too.
  const isTopics = after !== undefined && found.own?.has(after.setting) !== false;
  const isAhead = after !== undefined && (from === undefined ? isTopics : after.ms < latestMs(from.settings));
  const copied = `${what} have the timestamps of their records`;
  return [
    ...(isPast
      ? [
          say(
            before.setting,
            `${copied}, and those older than ${before.ms} ms when they are written ${refused}. ` +
              `Before old records are read, raise it above the age of the oldest, or take it off`,
          ),
        ]
      : []),
    ...(isAhead
      ? [
          say(
            after.setting,
            `${copied}, and those dated more than ${after.ms} ms ahead of the broker's clock ${refused}. ` +
              `Raise it to what the topic of the records allows, or lower it there`,
          ),
        ]
      : []),
  ];
}

interface Bound {
  readonly setting: string;
  readonly ms: bigint;
}

/**
 * Kafka 3.6 has replaced one setting by two. The old setting counts where the new ones are not set;
 * Kafka 4 does not have it any more.
 */
function bound(settings: TopicSettings['settings'], side: 'before' | 'after'): Bound | undefined {
  for (const setting of [`message.timestamp.${side}.max.ms`, 'message.timestamp.difference.max.ms']) {
    const ms = integer(settings.get(setting), NEVER);
    if (ms < NEVER) return { setting, ms };
  }
  return undefined;
}

/** Brokers that are not Apache Kafka may say anything: what is no integer says nothing. */
const integer = (text: string | undefined, otherwise: bigint): bigint =>
  text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : otherwise;

/**
 * How old a record may be when it is read: its age when the topic took it, and the time for which
 * it is kept. Unbounded where nothing is known.
 */
function oldestMs(settings: TopicSettings['settings'] | undefined): bigint {
  if (settings === undefined) return NEVER;
  const isDeleted = settings.get('cleanup.policy')?.includes('delete') === true;
  const keptMs = integer(settings.get('retention.ms'), -1n);
  if (!isDeleted || keptMs < 0n) return NEVER;
  const isDatedThere = settings.get('message.timestamp.type') === 'LogAppendTime';
  const takenMs = isDatedThere ? 0n : (bound(settings, 'before')?.ms ?? NEVER);
  return takenMs + keptMs;
}

/**
 * How far the timestamp of a record may be ahead of the clock: 0 where the broker sets the
 * timestamps.
 */
function latestMs(settings: TopicSettings['settings']): bigint {
  if (settings.get('message.timestamp.type') === 'LogAppendTime') return 0n;
  return bound(settings, 'after')?.ms ?? NEVER;
}

const isCompacted = (settings: TopicSettings['settings'] | undefined): boolean =>
  settings?.get('cleanup.policy')?.includes('compact') === true;

function ofCompaction({ what, from }: Written, { settings }: TopicSettings, say: Say): string[] {
  if (!isCompacted(settings)) return [];
  // A compacted topic takes no record without a key, so what is copied from one has a key.
  const keys = isCompacted(from?.settings)
    ? `their keys are those of their records, which all have one, as ${from?.topic} is compacted too`
    : `their keys are those of their records, and of a record without a key they are refused: ${REFUSED[what]}`;
  const lost = {
    results: 'only the latest result of each key is kept, and audit counts the others as missing',
    'dead letters': 'only the latest dead letter of each key is kept, and the others cannot be sent back',
    'records sent back': 'one that is sent back takes the place of the latest of its key',
  }[what];
  return [say('cleanup.policy', `${keys}; ${lost}. Set delete, unless that is what you want`)];
}

function ofSize({ what, from, batchBytes }: Written, { settings }: TopicSettings, say: Say): string[] {
  const most = integer(settings.get('max.message.bytes'), NEVER);
  const ofInput = integer(from?.settings.get('max.message.bytes'), 0n);
  if (most < batchBytes)
    return [
      say(
        'max.message.bytes',
        `batches have up to limits.resultBatchBytes=${batchBytes} bytes; larger ones are refused and sent again in halves, and where ` +
          `a single one is too large ${REFUSED[what]}. Raise it to ${batchBytes} or more, or lower limits.resultBatchBytes below it`,
      ),
    ];
  // A dead letter is larger than its record, because it also has the reason.
  if (what !== 'dead letters' || most >= ofInput) return [];
  return [
    say(
      'max.message.bytes',
      `${from?.topic} takes records of up to max.message.bytes=${ofInput}, and what is made of the largest is refused here: ` +
        `${REFUSED[what]}. Raise it above that`,
    ),
  ];
}
