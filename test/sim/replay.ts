// Steps through a dump: from the state that was kept before its messages, each is given to the
// engine again. What the engine does now must be what it did then. Where it is not, or an assertion
// fails, that message is the one to look at.

import { readFileSync } from 'node:fs';
import { inspect, isDeepStrictEqual } from 'node:util';
import { describeEffect } from '../../src/daemon/describe-effect.ts';
import { dumpText, readDump, type StateDump } from '../../src/daemon/dump-text.ts';
import { scorelaneVersion } from '../../src/daemon/versions.ts';
import { step } from '../../src/engine/dispatcher.ts';
import type { Message } from '../../src/engine/messages.ts';
import { restoreEngine, type SavedEngine, type SavedLane, saveEngine } from '../../src/engine/saved-state.ts';
import { effectWithoutBytes, type KeptEffect } from '../../src/engine/without-bytes.ts';
import { keyOf } from '../../src/log/topic-partition.ts';

export interface Replay {
  readonly messages: number;
  /** What was wrong, and at which message; null when all came out as it did then. */
  readonly fault: string | null;
}

/** Plays it, and says each message, its effects and what they changed. Stops at the first fault. */
export function replay(dump: StateDump, say: (line: string) => void): Replay {
  const parts = dump.engine.parts.slice(dump.engine.parts.findLastIndex(({ start }) => !start.isWhole) + 1);
  const [first] = parts;
  if (first === undefined) return { messages: 0, fault: 'so much waited that no state was kept to begin at' };
  const state = restoreEngine(first.start);
  const steps = parts.flatMap((part) => part.steps);
  let before = described(saveEngine(state));
  for (const [index, recorded] of steps.entries()) {
    const { message, nowMs } = recorded;
    const name = `message ${index + 1} of ${steps.length}, at ${nowMs.toFixed(1)} ms`;
    const fault = (words: string): Replay => ({ messages: index + 1, fault: `${name}: ${words}` });
    let effects: KeptEffect[];
    try {
      say(`${name}: ${messageWords(message)}`);
      effects = step(state, message, nowMs).map(effectWithoutBytes);
    } catch (error) {
      return fault(
        `it fails${recorded.effects === null ? ', as it did' : ' now'}: ${(error as Error).stack}`,
      );
    }
    for (const effect of effects) say(`    -> ${describeEffect(effect)}`);
    const after = described(saveEngine(state));
    for (const [key, words] of after) if (before.get(key) !== words) say(`    ${key}: ${words}`);
    for (const key of before.keys()) if (!after.has(key)) say(`    ${key}: gone`);
    before = after;
    if (recorded.effects === null) return fault('the daemon died of it, and nothing is wrong with it now');
    if (!isDeepStrictEqual(asKept(effects), recorded.effects))
      return fault(
        `its effects were others:\n${inspect(recorded.effects, { depth: 9 })}\nand are now:\n${inspect(effects, { depth: 9 })}`,
      );
  }
  const { state: end } = dump.engine;
  if (end.isWhole && !isDeepStrictEqual(asKept(saveEngine(state)), end))
    return {
      messages: steps.length,
      fault: `after all messages the state is not that of the dump: ${different(asKept(saveEngine(state)), end)}`,
    };
  return { messages: steps.length, fault: null };
}

/** The same with a file, to standard output. True when all came out as it did then. */
export function replayFile(file: string): boolean {
  const dump = readDump(readFileSync(file, 'utf8'));
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const isOther = dump.version !== scorelaneVersion;
  const versions = `scorelane ${dump.version}${isOther ? `; this is ${scorelaneVersion}` : ''}`;
  say(`${dump.why} at ${dump.takenAt}, of ${versions}`);
  const { messages, fault } = replay(dump, say);
  say(fault ?? `${messages} messages, each with the effects that it had then, and the same state at the end`);
  return fault === null;
}

/** As what was written down and read again. */
const asKept = <T>(value: T): T => {
  const carrier = { format: 1, engine: value } as unknown as StateDump;
  return readDump(dumpText(carrier)).engine as unknown as T;
};

/** Lanes that differ, and what else does. */
const different = (now: SavedEngine, then: SavedEngine): string =>
  [...new Set([...now.lanes, ...then.lanes].map(({ key }) => key))]
    .map((key) => [now, then].map(({ lanes }) => lanes.find((lane) => lane.key === key)))
    .concat([
      [
        { ...now, lanes: [] },
        { ...then, lanes: [] },
      ] as never,
    ])
    .filter(([left, right]) => !isDeepStrictEqual(left, right))
    .map((both) => inspect(both, { depth: 9 }))
    .join('\n');

/** Each lane in one line, and the engine. */
const described = (saved: SavedEngine): ReadonlyMap<string, string> =>
  new Map([
    ...saved.lanes.map((lane) => [`lane ${lane.key}`, laneWords(lane)] as const),
    ['engine', engineWords(saved)],
  ]);

function laneWords({
  phase,
  epoch,
  paused,
  position,
  mailbox,
  ledger,
  highWatermark,
  trouble,
}: SavedLane): string {
  const { committable, committed, entries } = ledger;
  const inFlight = entries.map(({ id, first, next, stage }) => `${id} [${first}, ${next}) ${stage.name}`);
  return (
    `${phase}${paused ? ', paused' : ''}, epoch ${epoch}; committed ${committed}, committable ${committable}, fetched to ${position} of ` +
    `${highWatermark}; ${mailbox.mail.length} batches wait; in flight: ${inFlight.join(', ') || 'nothing'}` +
    (trouble === undefined ? '' : `; ${trouble.code}, attempt ${trouble.attempts}`)
  );
}

const engineWords = ({ scoring, commitInFlight, settling, rebalancing, stopping }: SavedEngine): string =>
  [
    `${scoring} being scored`,
    ...(commitInFlight ? ['a commit in flight'] : []),
    ...(settling === undefined ? [] : ['settling']),
    ...(rebalancing ? ['rebalancing'] : []),
    ...(stopping === undefined ? [] : [stopping.done ? 'drained' : 'draining']),
  ].join(', ');

function messageWords(message: Message): string {
  const { type } = message;
  switch (message.type) {
    case 'fetched': {
      const { from, batches, highWatermark } = message.fetched;
      const until = batches.at(-1)?.header?.next;
      return `${type} ${keyOf(message.fetched)}: ${batches.length} batches, [${from}, ${until}) of ${highWatermark}`;
    }
    case 'together':
      return message.arrivals.map(messageWords).join('; ');
    case 'assigned':
      return `${type} ${message.partitions.map((each) => `${keyOf(each)}@${each.position}`).join(', ')}`;
    case 'revoking':
    case 'revoked':
    case 'lost':
      return `${type} ${message.partitions.map(keyOf).join(', ')}`;
    case 'committed':
    case 'commitFailed':
      return `${type} ${message.commits.map((each) => `${keyOf(each)}@${each.next}`).join(', ')}`;
    case 'logEnds':
      return `${type} ${message.ends.map((each) => `${keyOf(each)}@${each.logEnd}`).join(', ')}`;
    case 'outOfRange':
      return `${type} ${keyOf(message.partition)}: on at ${message.position}, the log ends at ${message.logEnd}`;
    default: {
      if (!('lane' in message)) return type;
      const { topic, partition, epoch } = message.lane;
      const failed = 'failure' in message ? `: ${message.failure.code}` : '';
      const id = 'id' in message ? `, micro-batch ${message.id}` : '';
      return `${type} ${keyOf({ topic, partition })} epoch ${epoch}${id}${failed}`;
    }
  }
}
