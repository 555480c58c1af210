// Where snapshots lie: one file for each partition, put in its place whole and at once. Until then
// it is a draft, in a folder of this process in the same place.

import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnFolder, type OwnFolderOptions } from '../files/own-folder.ts';
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
  /** Nothing is written any more: throws all drafts away. */
  close(): Promise<void>;
}

export class SnapshotDirectory implements SnapshotStore {
  readonly keeps: boolean;
  readonly #directory: string;
  readonly #own: OwnFolder;
  #drafts = 0;

  /**
   * Without a directory nothing is kept. States on their way from one thread to another go to the
   * system's temporary directory.
   */
  constructor(directory: string | null, options: OwnFolderOptions = {}) {
    this.keeps = directory !== null;
    this.#directory = directory ?? tmpdir();
    // No topic's name has a tilde.
    this.#own = new OwnFolder(this.#directory, this.keeps ? 'drafts~' : 'scorelane-states-', options);
  }

  find(of: TopicPartition): string | null {
    const file = this.#file(of);
    return this.keeps && existsSync(file) ? file : null;
  }

  draft(of: TopicPartition): string {
    return join(this.#own.path, `${nameOf(of)}.${this.#drafts++}`);
  }

  async publish(draft: string, of: TopicPartition): Promise<void> {
    await rename(draft, this.#file(of));
  }

  async discard(draft: string): Promise<void> {
    await rm(draft, { force: true });
  }

  async close(): Promise<void> {
    await this.#own.close();
  }

  #file(of: TopicPartition): string {
    return join(this.#directory, nameOf(of));
  }
}

/** Topics are of letters, digits, dots, underscores and hyphens. */
const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}.state`;
