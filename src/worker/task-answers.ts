// What one version of a model answers to the parts of a task, in their order. Rows come in the
// order in which they were read.

import type { OutputColumn } from '../model/predictor.ts';
import type { ScorePart } from '../worker-protocol/messages.ts';
import { PartAnswers } from './part-answers.ts';
import type { ShadowedRows } from './predict/shadow.ts';
import type { ScorerParts, Workspace } from './scorer-parts.ts';

export class TaskAnswers {
  /** Of each part, in order. */
  readonly all: readonly PartAnswers[];
  /** The first part whose answers are not all written. */
  #writing = 0;

  constructor(parts: ScorerParts, asked: readonly ScorePart[], workspace: Workspace) {
    this.all = asked.map((part) => new PartAnswers(parts, part, workspace));
  }

  /** Those to which a row belongs. The parts before it are finished, as it comes next. */
  of(row: number): PartAnswers {
    for (;;) {
      const answers = this.all[this.#writing] as PartAnswers;
      if (row < answers.rowsEnd) return answers;
      this.#finish();
    }
  }

  /**
   * Writes the results of `rows` rows from `first` on, which are all of the columns, and what a
   * shadow says of them.
   */
  write(columns: readonly OutputColumn[], first: number, rows: number, shadowed: ShadowedRows | null): void {
    for (let index = 0; index < rows; ) {
      const answers = this.of(first + index);
      const end = Math.min(rows, answers.rowsEnd - first);
      for (; index < end; index++) {
        answers.write(first + index, columns, index, rows);
        if (shadowed !== null) answers.writeShadow(first + index, shadowed);
      }
    }
  }

  /** All rows that waited are written. The parts before `reading` were read to their end. */
  endChunk(reading: number): void {
    while (this.#writing < reading) this.#finish();
    this.all[reading]?.endChunk();
  }

  #finish(): void {
    this.all[this.#writing]?.finish();
    this.#writing++;
  }
}
