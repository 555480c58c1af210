// The state of the engine as a plain value, without the bytes of records: it is kept beside the
// messages that follow it, written into a dump, and a replay goes on from it.

import type { RawRecordBatch } from '../log/record-batch.ts';
import type { Lane } from './lane.ts';
import { type Entry, Ledger, type SavedLedger } from './ledger.ts';
import { type Mail, Mailbox, type SavedMailbox } from './mailbox.ts';
import type { EngineState } from './state.ts';
import { batchWithoutBytes, outcomeWithoutBytes } from './without-bytes.ts';

export type SavedLane = Omit<Lane, 'mailbox' | 'ledger'> & {
  readonly mailbox: SavedMailbox;
  readonly ledger: SavedLedger;
};

type Stall = EngineState['stalls'] extends Map<string, infer V> ? V : never;

export interface SavedEngine extends Omit<EngineState, 'lanes' | 'stalls' | 'scoring'> {
  /**
   * False where too many record batches wait, so that they are only counted: no replay can go on
   * from such a state.
   */
  readonly isWhole: boolean;
  readonly lanes: readonly SavedLane[];
  readonly stalls: readonly (readonly [string, Stall])[];
  readonly scoring: readonly (readonly [number, number])[];
}

/**
 * How many record batches may wait or be in flight, over all lanes: a copy of more would cost too
 * much time and memory.
 */
const BATCHES_MAX = 20_000;

export function saveEngine(state: EngineState): SavedEngine {
  const lanes = [...state.lanes.values()].map((lane) => ({
    lane,
    mailbox: lane.mailbox.saved(),
    ledger: lane.ledger.saved(),
  }));
  const batches = lanes.reduce(
    (sum, { lane, ledger }) =>
      ledger.entries.reduce((inFlight, entry) => inFlight + entry.batches.length, sum + lane.mailbox.length),
    0,
  );
  const isWhole = batches <= BATCHES_MAX;
  return {
    ...state,
    isWhole,
    stalls: [...state.stalls],
    scoring: [...state.scoring],
    pace: { ...state.pace },
    stopping: state.stopping && { ...state.stopping },
    lanes: lanes.map(({ lane, mailbox, ledger }) => ({
      ...lane,
      recent: { ...lane.recent },
      mailbox: { ...mailbox, mail: isWhole ? mailbox.mail.map(savedMail) : [] },
      ledger: { ...ledger, entries: ledger.entries.map((entry) => savedEntry(entry, isWhole)) },
    })),
  };
}

/** Makes a new state from the saved one, to go on from. */
export function restoreEngine(saved: SavedEngine): EngineState {
  const { isWhole: _, lanes, stalls, scoring, ...state } = structuredClone(saved);
  return {
    ...state,
    stalls: new Map(stalls),
    scoring: new Map(scoring),
    lanes: new Map(
      lanes.map((lane) => [
        lane.key,
        { ...lane, mailbox: Mailbox.restored(lane.mailbox), ledger: Ledger.restored(lane.ledger) },
      ]),
    ),
  };
}

const savedMail = (mail: Mail): Mail =>
  mail.batch === null ? mail : { ...mail, batch: batchWithoutBytes(mail.batch) };

function savedEntry(entry: Entry, isWhole: boolean): Entry {
  const { stage } = entry;
  const batches: readonly RawRecordBatch[] = isWhole ? entry.batches.map(batchWithoutBytes) : [];
  return {
    ...entry,
    batches,
    stage: 'outcome' in stage ? { ...stage, outcome: outcomeWithoutBytes(stage.outcome) } : stage,
  };
}
