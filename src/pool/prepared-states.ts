// States of lanes that wait for their version: built up beside before it takes over, or left by the
// version before for the way back. They are files, one for each lane and plan, as snapshots are.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OwnFolder, type OwnFolderOptions } from '../files/own-folder.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import { SnapshotDirectory, type SnapshotStore } from './snapshot-store.ts';

export interface PreparedStates {
  /** The file with a lane's state of that plan, or null. */
  find(plan: string, of: TopicPartition): string | null;
  /**
   * The folder for the states of a plan, whose identity is given; throws if it cannot be made.
   */
  folderOf(plan: string): string;
  /** For states of that plan. Throws as `folderOf` does. */
  storeOf(plan: string): SnapshotStore;
  /** No version with that plan is left: its states are deleted. */
  forget(plan: string): Promise<void>;
  close(): Promise<void>;
}

/** Of the folder in which they lie, beside those of other processes. */
export const PREPARED_PREFIX = 'scorelane-prepared-';

export class PreparedFolders implements PreparedStates {
  readonly #parent: string;
  readonly #options: OwnFolderOptions;
  /** Made when it is needed: most daemons have one plan. */
  #own: OwnFolder | undefined;
  readonly #folders = new Map<string, string>();
  readonly #stores = new Map<string, SnapshotDirectory>();
  #made = 0;

  /** `parent`: where states may lie. What is prepared is of no use to another process. */
  constructor(parent: string, options: OwnFolderOptions = {}) {
    this.#parent = parent;
    this.#options = options;
  }

  folderOf(plan: string): string {
    const known = this.#folders.get(plan);
    if (known !== undefined) return known;
    this.#own ??= new OwnFolder(this.#parent, PREPARED_PREFIX, this.#options);
    const folder = join(this.#own.path, String(this.#made++));
    this.#folders.set(plan, folder);
    return folder;
  }

  storeOf(plan: string): SnapshotDirectory {
    const known = this.#stores.get(plan);
    if (known !== undefined) return known;
    const store = new SnapshotDirectory(this.folderOf(plan), this.#options);
    this.#stores.set(plan, store);
    return store;
  }

  find(plan: string, of: TopicPartition): string | null {
    return this.#folders.has(plan) ? this.storeOf(plan).find(of) : null;
  }

  async forget(plan: string): Promise<void> {
    const [folder, store] = [this.#folders.get(plan), this.#stores.get(plan)];
    this.#folders.delete(plan);
    this.#stores.delete(plan);
    await store?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#stores.values()].map((store) => store.close()));
    await this.#own?.close();
  }
}
