// A control group of the kernel with a limit of memory, as a container has one: of version 2, or of
// version 1 where that is what the machine has. What runs in it is killed without a word when it
// needs more.

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Version {
  readonly root: string;
  readonly limit: string;
  readonly peak: string;
}

const VERSIONS: readonly Version[] = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', peak: 'memory.peak' },
];

/** None can be made here, with the reason. */
export class NoCgroupError extends Error {
  override readonly name = 'NoCgroupError';
}

export class Cgroup {
  readonly #folder: string;
  readonly #version: Version;

  /** Throws `NoCgroupError`. */
  constructor(limitBytes: number) {
    const version = VERSIONS.find(({ root }) => existsSync(join(root, 'cgroup.procs')));
    if (version === undefined) throw new NoCgroupError('no control groups are mounted at /sys/fs/cgroup');
    this.#version = version;
    this.#folder = join(version.root, `scorelane-${randomUUID()}`);
    try {
      mkdirSync(this.#folder);
      writeFileSync(join(this.#folder, version.limit), String(limitBytes));
    } catch (error) {
      if (existsSync(this.#folder)) rmdirSync(this.#folder);
      throw new NoCgroupError(`no control group can be made: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Puts a process into it that has just begun: what it has taken before is not counted. */
  add(pid: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** The most that was in use at once. */
  get peakBytes(): number {
    return Number(readFileSync(join(this.#folder, this.#version.peak), 'utf8'));
  }

  /** Of an empty group. */
  remove(): void {
    rmdirSync(this.#folder);
  }
}
