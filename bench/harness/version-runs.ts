// Which version gave each result of an output: for each partition the stretches of results of one
// version, in their order. So one sees that a lane changed its version once for each move, and
// never back by itself.

import { codecs, type Format } from '../../src/codec/codecs.ts';
import type { ReadResult } from './audit.ts';
import { VoidRunError } from './result.ts';

export interface VersionRun {
  readonly version: string;
  /** When the first result of it was appended, in milliseconds since 1970. */
  readonly atMs: number;
}

/** What stands in a result between its other fields. */
function fieldBytes(format: Format, version: string): Buffer {
  const whole = Buffer.from(codecs[format].encode({ version }));
  return format === 'json' ? whole.subarray(1, -1) : whole.subarray(1);
}

export class VersionRuns {
  readonly #fields: ReadonlyMap<string, Buffer>;
  readonly #runs = new Map<number, VersionRun[]>();
  /** The record batch that was read last, of each partition. */
  readonly #batches = new Map<number, number>();

  constructor(format: Format, versions: readonly string[]) {
    this.#fields = new Map(versions.map((version) => [version, fieldBytes(format, version)]));
  }

  /**
   * Takes the next result of a partition. A record batch of the output belongs to one micro-batch:
   * throws `VoidRunError` where two versions are in it, and where a result has none that is known.
   */
  add({ number, value, partition, batch, timestampMs: atMs }: ReadResult): void {
    let runs = this.#runs.get(partition);
    if (runs === undefined) this.#runs.set(partition, (runs = []));
    const last = runs.at(-1)?.version;
    const version = this.#versionIn(value, last);
    if (version === null)
      throw new VoidRunError(`the result of record ${number} has no version that is known`);
    if (version !== last) {
      if (this.#batches.get(partition) === batch)
        throw new VoidRunError(
          `partition ${partition}: versions ${last} and ${version} in the record batch at offset ${batch}`,
        );
      runs.push({ version, atMs });
    }
    this.#batches.set(partition, batch);
  }

  /**
   * For each change of the version, when the first and when the last partition gave a result of the
   * new one. Throws `VoidRunError` unless each partition had exactly these versions, one after the
   * other.
   */
  changes(wanted: readonly string[]): { readonly firstMs: number; readonly lastMs: number }[] {
    const all = [...this.#runs];
    for (const [partition, runs] of all) {
      const found = runs.map(({ version }) => version).join(' ');
      if (found !== wanted.join(' '))
        throw new VoidRunError(
          `partition ${partition}: versions took turns as ${found}, and the moves were ${wanted.join(' ')}`,
        );
    }
    return wanted.slice(1).map((_, index) => {
      const times = all.map(([, runs]) => runs[index + 1]?.atMs ?? Number.NaN);
      return { firstMs: Math.min(...times), lastMs: Math.max(...times) };
    });
  }

  #versionIn(value: Buffer, last: string | undefined): string | null {
    if (last !== undefined && value.includes(this.#fields.get(last) as Buffer)) return last;
    for (const [version, bytes] of this.#fields) if (value.includes(bytes)) return version;
    return null;
  }
}
