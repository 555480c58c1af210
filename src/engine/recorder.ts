// Keeps the last messages of the engine and their effects for a dump, so that the steps before a
// fault can be read and replayed. There are two parts, each with the state at its beginning: the
// newer part is filled, the older part is kept beside it. This costs a few small objects for each
// message and nothing for each record, and holds no bytes of records.

import type { Effect, Message } from './messages.ts';
import { type SavedEngine, saveEngine } from './saved-state.ts';
import type { EngineState } from './state.ts';
import { effectWithoutBytes, type KeptEffect, messageWithoutBytes } from './without-bytes.ts';

/**
 * The messages of one part. So the two parts together hold at least this many of the last messages.
 */
const MESSAGES = 1_000;
/** The record batches of one part: where messages bring many record batches, a part ends sooner. */
const BATCHES = 10_000;

export interface RecordedStep {
  readonly nowMs: number;
  readonly message: Message;
  /** Null when the engine failed in the middle of that message. */
  effects: readonly KeptEffect[] | null;
}

export interface RecordedPart {
  readonly start: SavedEngine;
  readonly steps: readonly RecordedStep[];
}

interface Filling extends RecordedPart {
  readonly steps: RecordedStep[];
  batches: number;
}

const beginning = (state: EngineState): Filling => ({ start: saveEngine(state), steps: [], batches: 0 });

const batchesIn = (message: Message): number =>
  message.type === 'fetched'
    ? message.fetched.batches.length
    : message.type === 'together'
      ? message.arrivals.reduce((sum, each) => sum + batchesIn(each), 0)
      : 0;

export class Recorder {
  #older: RecordedPart | undefined;
  #newer: Filling;
  readonly #messagesMax: number;

  constructor(state: EngineState, messagesMax = MESSAGES) {
    this.#messagesMax = messagesMax;
    this.#newer = beginning(state);
  }

  /** Call it before the engine takes the message. */
  told(state: EngineState, message: Message, nowMs: number): void {
    if (this.#newer.steps.length >= this.#messagesMax || this.#newer.batches >= BATCHES) {
      this.#older = this.#newer;
      this.#newer = beginning(state);
    }
    this.#newer.batches += batchesIn(message);
    this.#newer.steps.push({ nowMs, message: messageWithoutBytes(message), effects: null });
  }

  /** Call it with the effects of that message. */
  answered(effects: readonly Effect[]): void {
    const step = this.#newer.steps.at(-1);
    if (step !== undefined) step.effects = effects.map(effectWithoutBytes);
  }

  /** In their order: the second part begins where the first part ends. */
  get parts(): readonly RecordedPart[] {
    return [...(this.#older === undefined ? [] : [this.#older]), this.#newer].map(({ start, steps }) => ({
      start,
      steps,
    }));
  }
}
