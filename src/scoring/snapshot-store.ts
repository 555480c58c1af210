// Where snapshots lie: one file for each partition, put in its place whole and at once.

import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TopicPartition } from '../log/topic-partition.ts';

export interface SnapshotStore {
  /** Whether snapshots are kept beyond this run. */
  readonly keeps: boolean;
  /** The file with a partition's snapshot, or null. */
  find(of: TopicPartition): string | null;
  /** A name for a file that is to be written, and then published or thrown away. */
  draft(of: TopicPartition): string;
  /** Puts it in the place of the snapshot before. */
  publish(draft: string, of: TopicPartition): Promise<void>;
  discard(draft: string): Promise<void>;
}

export class SnapshotDirectory implements SnapshotStore {
  readonly keeps: boolean;
  readonly #directory: string;
  #drafts = 0;

  /** Without a directory nothing is kept: what is written on the way from one thread to another goes to the system's temporary one. */
  constructor(directory: string | null) {
    this.keeps = directory !== null;
    if (directory !== null) mkdirSync(directory, { recursive: true });
    this.#directory = directory ?? mkdtempSync(join(tmpdir(), 'scorelane-state-'));
  }

  find(of: TopicPartition): string | null {
    const file = this.#file(of);
    return this.keeps && existsSync(file) ? file : null;
  }

  draft(of: TopicPartition): string {
    return `${this.#file(of)}.${process.pid}-${this.#drafts++}`;
  }

  async publish(draft: string, of: TopicPartition): Promise<void> {
    await rename(draft, this.#file(of));
  }

  async discard(draft: string): Promise<void> {
    await rm(draft, { force: true });
  }

  /** Topics are of letters, digits, dots, underscores and hyphens. */
  #file({ topic, partition }: TopicPartition): string {
    return join(this.#directory, `${topic}-${partition}.state`);
  }
}
