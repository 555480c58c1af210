// What the engine was told last, and what it answered: for a dump, so that what went before a fault
// can be looked at and stepped through again. Two parts take turns, each with the state at its
// beginning; the newer one is filled, the older one kept beside it. Costs a few small objects for
// each message, nothing for a record, and holds no bytes of records.

import type { Effect, Message } from './messages.ts';
import { type SavedEngine, saveEngine } from './saved-state.ts';
import type { EngineState } from './state.ts';
import { effectWithoutBytes, type KeptEffect, messageWithoutBytes } from './without-bytes.ts';

/** Of one part; so at least as many are kept, once so many have come. */
const MESSAGES = 1_000;
/** Where messages bring many record batches each, a part ends sooner. */
const BATCHES = 10_000;

export interface RecordedStep {
  readonly nowMs: number;
  readonly message: Message;
  /** Null when the engine did not come to its end with that message. */
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

export class Recorder {
  #older: RecordedPart | undefined;
  #newer: Filling;
  readonly #messagesMax: number;

  constructor(state: EngineState, messagesMax = MESSAGES) {
    this.#messagesMax = messagesMax;
    this.#newer = beginning(state);
  }

  /** Before the engine takes the message. */
  told(state: EngineState, message: Message, nowMs: number): void {
    if (this.#newer.steps.length >= this.#messagesMax || this.#newer.batches >= BATCHES) {
      this.#older = this.#newer;
      this.#newer = beginning(state);
    }
    if (message.type === 'fetched') this.#newer.batches += message.fetched.batches.length;
    this.#newer.steps.push({ nowMs, message: messageWithoutBytes(message), effects: null });
  }

  /** What came of it. */
  answered(effects: readonly Effect[]): void {
    const step = this.#newer.steps.at(-1);
    if (step !== undefined) step.effects = effects.map(effectWithoutBytes);
  }

  /** In their order; where one ends, the next begins. */
  get parts(): readonly RecordedPart[] {
    return [...(this.#older === undefined ? [] : [this.#older]), this.#newer].map(({ start, steps }) => ({
      start,
      steps,
    }));
  }
}
