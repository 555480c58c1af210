// How far features and outputs have moved from what a model was made with: counts of a sliding
// window, by version, compared when somebody asks.

import type { Distribution, RecordedColumn } from '../model/distribution.ts';
import type { ColumnKind } from '../model/measured-columns.ts';
import { distanceOfBins } from '../statistics/bins.ts';
import { populationStability } from '../statistics/population-stability.ts';

/** The counts of so many parts of a window are kept; the oldest is given up as a whole. */
const SLICES = 12;

/** What threads tell: of each column, the values in each of its bins, and the missing ones. */
export interface CountsTold {
  readonly version: string;
  readonly records: number;
  readonly counts: ArrayLike<number>;
}

export interface ColumnDrift {
  readonly kind: ColumnKind;
  readonly column: string;
  /** The population stability index, with the missing values as a bin of their own. */
  readonly psi: number;
  /** Kolmogorov and Smirnov's distance at the cuts, without missing values; NaN where all are. */
  readonly ks: number;
}

export interface VersionDrift {
  readonly version: string;
  /** Sampled records in the window. */
  readonly records: number;
  /** Those that differ most, the largest index first. */
  readonly columns: readonly ColumnDrift[];
}

interface Slice {
  readonly fromMs: number;
  records: number;
  readonly counts: Float64Array;
}

interface Watched {
  readonly distribution: Distribution;
  slices: Slice[];
}

export class DriftMeter {
  #windowMs = 0;
  #columnsMax = 0;
  readonly #watched = new Map<string, Watched>();

  /** Before anything is told. */
  set({ windowMs, columnsMax }: { readonly windowMs: number; readonly columnsMax: number }): void {
    this.#windowMs = windowMs;
    this.#columnsMax = columnsMax;
  }

  /** What is told of that version counts from now on. It may be watched already. */
  watch(version: string, distribution: Distribution | null): void {
    if (distribution === null) this.#watched.delete(version);
    else this.#watched.set(version, { distribution, slices: [] });
  }

  /** That version serves from now on: the windows begin anew. */
  begin(): void {
    for (const watched of this.#watched.values()) watched.slices = [];
  }

  forget(version: string): void {
    this.#watched.delete(version);
  }

  /**
   * `nowMs`: of a clock that never goes back. What is told of a version that nobody watches is
   * lost.
   */
  told({ version, records, counts }: CountsTold, nowMs: number): void {
    const watched = this.#watched.get(version);
    if (watched === undefined) return;
    const { slices } = watched;
    let slice = slices.at(-1);
    if (slice === undefined || nowMs - slice.fromMs >= this.#windowMs / SLICES) {
      slice = { fromMs: nowMs, records: 0, counts: new Float64Array(counts.length) };
      slices.push(slice);
      watched.slices = this.#kept(slices, nowMs);
    }
    slice.records += records;
    for (let index = 0; index < counts.length; index++)
      slice.counts[index] = (slice.counts[index] as number) + (counts[index] as number);
  }

  /** Of all versions that have records in the window. */
  readings(nowMs: number): readonly VersionDrift[] {
    return [...this.#watched].flatMap(([version, { distribution, slices }]) => {
      const kept = this.#kept(slices, nowMs);
      const records = kept.reduce((sum, slice) => sum + slice.records, 0);
      if (records === 0) return [];
      const columns = columnsOf(distribution.columns, sumOf(kept));
      const most = columns.toSorted((one, other) => other.psi - one.psi).slice(0, this.#columnsMax);
      return [{ version, records, columns: most }];
    });
  }

  #kept(slices: readonly Slice[], nowMs: number): Slice[] {
    return slices.filter(({ fromMs }) => nowMs - fromMs < this.#windowMs);
  }
}

function sumOf(slices: readonly Slice[]): Float64Array {
  const sum = new Float64Array(slices[0]?.counts.length ?? 0);
  for (const { counts } of slices)
    for (let index = 0; index < sum.length; index++)
      sum[index] = (sum[index] as number) + (counts[index] as number);
  return sum;
}

function columnsOf(columns: readonly RecordedColumn[], sum: Float64Array): ColumnDrift[] {
  let from = 0;
  return columns.map(({ kind, name, cuts, counts }) => {
    const actual = [...sum.subarray(from, from + counts.length)];
    from += counts.length;
    const psi = populationStability(counts, actual);
    return {
      kind,
      column: name,
      psi,
      ks: distanceOfBins(cuts, counts.slice(0, -1), actual.slice(0, -1)).value,
    };
  });
}
