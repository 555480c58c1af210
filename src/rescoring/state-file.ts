// The file from which an interrupted replay goes on. It is replaced as a whole: a reader finds the
// one before or the new one, also after the power has failed.

import { readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ScorelaneError } from '../base/errors.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import { Comparison } from './comparison.ts';
import type { ReplayRun, SavedRun } from './run-plan.ts';

/** Raised whenever what is kept changes its meaning. */
const FORMAT = 2;

/** A file from which no replay can go on. */
export class ReplayStateError extends ScorelaneError {
  readonly code = 'SCORELANE_REPLAY_STATE';
}

export class StateFile {
  readonly path: string;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Resolves when it is on the disk. Rejects with the errors of the file system. */
  async write(run: SavedRun): Promise<void> {
    const text = JSON.stringify({ format: FORMAT, ...run });
    const before = this.#writing;
    const writing = before.catch(() => {}).then(() => this.#replace(text));
    this.#writing = writing;
    this.#isWriting = true;
    try {
      await writing;
    } finally {
      if (this.#writing === writing) this.#isWriting = false;
    }
  }

  /** Whether the disk is still busy with the last one. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  async #replace(text: string): Promise<void> {
    const draft = `${this.path}.draft`;
    const file = await open(draft, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path);
    const folder = await open(dirname(this.path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** The replay has ended: there is nothing to go on from. */
  async remove(): Promise<void> {
    await this.#writing.catch(() => {});
    await rm(this.path, { force: true });
  }
}

/** Throws `ReplayStateError`. */
export function readState(path: string): ReplayRun {
  const { plan, positions, comparison, seconds } = read(path);
  return {
    plan,
    parts: plan.ranges.map(({ until, placedBy }, partition) => ({
      position: positions[partition] as number,
      until,
      ...(placedBy === undefined ? {} : { placedBy }),
    })),
    comparison: Comparison.from(comparison, plan.thresholds),
    secondsBefore: seconds,
  };
}

function read(path: string): SavedRun {
  const refuse = (found: string, cause?: unknown): never => {
    throw new ReplayStateError(
      `--resume: expected the state file of an interrupted replay, found ${path}: ${found}`,
      { cause },
    );
  };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse(fileTrouble(error as Error, path, 'read'), error);
  }
  let found: Partial<SavedRun> & { readonly format?: number };
  try {
    found = Object(JSON.parse(text));
  } catch (error) {
    return refuse(`it is no JSON: ${(error as Error).message}`, error);
  }
  if (found.format !== FORMAT)
    return refuse(`it is of format ${found.format}, and this version reads ${FORMAT}`);
  const { plan, positions, comparison } = found;
  if (plan === undefined || comparison === undefined || positions?.length !== plan.ranges.length)
    return refuse('it is not whole');
  return found as SavedRun;
}
