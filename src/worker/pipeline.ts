// The pipeline: record-batch bytes in, result-batch bytes out. decode -> features -> predict ->
// encode, a chunk of rows at a time (`task.ts`, `part-answers.ts`). Runs in a worker thread. From
// one task to the next it holds the states of lanes, for a model that keeps them, and nothing else.

import { BufferPool } from '../base/buffer-pool.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { PartitionCounts, ScorePart, ScoreRequest, StateUse } from '../worker-protocol/messages.ts';
import type { RunningTrial } from './predict/tried-model.ts';
import type { ScorerParts, Workspace } from './scorer-parts.ts';
import type { LaneStates } from './states/lane-states.ts';
import { Task, type TaskVersions } from './task.ts';
import { TraceSampler } from './trace/trace-sampler.ts';
import { Outputs } from './write/outputs.ts';

export class Pipeline {
  readonly #parts: ScorerParts;
  readonly #workspace: Workspace;
  /** What the outputs are written into. */
  readonly #spares = new BufferPool();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
    const { setup, reader } = parts;
    const { resultBatchBytesMax, compression } = setup;
    const outputs = (topic: string): Outputs =>
      new Outputs(topic, resultBatchBytesMax, compression, this.#spares);
    this.#workspace = {
      features: new Float32Array(setup.predictRecordsMax * reader.width),
      rows: [],
      results: outputs(setup.results),
      deadLetters: outputs(setup.deadLetters),
      routes: setup.routes.map(({ topic }) => outputs(topic)),
      shadows: setup.shadows === undefined ? null : outputs(setup.shadows),
      sampler: setup.tracing === null ? null : new TraceSampler(setup.tracing),
    };
  }

  /**
   * Scores one task. `beside`: a version that reads records in the same way, whose outcomes are
   * wanted too. Throws `DamagedBatchError`, `InflationBoundError`, `CompressionError`,
   * `UnsupportedFormatError`, `ModelBrokenError`, `SchemaNeededError` or `StateLostError`: then
   * nothing of it was scored. A state that it had begun to use is lost, unless what it needed was a
   * schema, or the state was only read.
   */
  score(
    request: ScoreRequest,
    trials: readonly RunningTrial[] = [],
    beside: Pipeline | null = null,
  ): readonly Outcome[] {
    const { parts, counts, spares } = request;
    const ours = beside === null ? spares.length : Math.ceil(spares.length / 2);
    this.#begin(counts, spares.slice(0, ours));
    if (beside !== null) beside.#begin(counts, spares.slice(ours));
    try {
      const task = new Task(this.#versions(beside), request, trials);
      const { states } = this.#parts;
      const stateful = parts.find(hasState);
      if (states === null) return task.run();
      if (stateful === undefined) return peeking(states, task);
      if (parts.length > 1) throw new Error('a part with a state does not come alone');
      return withState(states, stateful, task);
    } catch (error) {
      this.#giveUp();
      if (beside !== null) beside.#giveUp();
      throw error;
    }
  }

  #versions(beside: Pipeline | null): TaskVersions {
    const of = (pipeline: Pipeline) => ({ parts: pipeline.#parts, workspace: pipeline.#workspace });
    if (beside !== null && beside.#parts.reader !== this.#parts.reader)
      throw new Error('the version beside does not read records as the one that serves');
    return { ...of(this), beside: beside === null ? null : of(beside) };
  }

  #begin(counts: PartitionCounts, spares: readonly ArrayBuffer[]): void {
    for (const spare of spares) this.#spares.giveBack(spare);
    const { results, deadLetters, routes, shadows } = this.#workspace;
    const { setup } = this.#parts;
    const besides = (topic: string): number => counts.routes?.[topic] ?? counts.input;
    results.spreadOver(counts.results, counts.input);
    deadLetters.spreadOver(counts.deadLetters, counts.input);
    setup.routes.forEach(({ topic }, index) => {
      routes[index]?.spreadOver(besides(topic), counts.input);
    });
    shadows?.spreadOver(besides(setup.shadows ?? ''), counts.input);
  }

  /** What was written of a task that failed. */
  #giveUp(): void {
    const { results, deadLetters, routes, shadows } = this.#workspace;
    for (const outputs of [results, deadLetters, ...routes, shadows]) outputs?.flush();
  }
}

function peeking(states: LaneStates, task: Task): readonly Outcome[] {
  try {
    return task.run();
  } finally {
    states.leave();
  }
}

type StatefulPart = ScorePart & { readonly state: StateUse };

const hasState = (part: ScorePart): part is StatefulPart => part.state !== null;

function withState(
  states: LaneStates,
  { topic, partition, until, state }: StatefulPart,
  task: Task,
): readonly Outcome[] {
  task.check();
  const lane = { topic, partition, epoch: state.epoch };
  states.use(lane, state.offset);
  const outcomes = task.run();
  states.putBack(lane, until);
  return outcomes;
}
