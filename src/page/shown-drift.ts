// How the records of now differ from those of the training, and how versions do that are tried, as
// the page shows it.

import type { Meter } from '../telemetry/meter.ts';
import { shiftOf, triedVersion } from '../telemetry/trial-meter.ts';
import type { ShownDrift, ShownTrial } from './told.ts';

const COLUMNS_SHOWN_MAX = 5;

/** Of the version that serves; null where it brings no distributions, or nothing is counted yet. */
export function shownDrift({ drift }: Meter, serving: string, nowMs: number): ShownDrift | null {
  const found = drift.readings(nowMs).find(({ version }) => version === serving);
  if (found === undefined) return null;
  const { records, columns } = found;
  return {
    records,
    columns: columns.slice(0, COLUMNS_SHOWN_MAX).map(({ kind, column, psi, ks }) => ({
      ...{ kind, column, psi },
      ks: Number.isNaN(ks) ? null : ks,
    })),
    others: Math.max(0, columns.length - COLUMNS_SHOWN_MAX),
  };
}

export const shownTrials = ({ trials }: Meter): ShownTrial[] =>
  trials.all.map((seen) => {
    const { kind, records, failures, decisions } = seen;
    const shift = shiftOf(seen);
    const [, onlyTried, onlyServing] = decisions;
    const decided = decisions.reduce((sum, count) => sum + count, 0);
    return {
      ...{ kind, version: triedVersion(seen), records, failures },
      shift: Number.isNaN(shift) ? null : shift,
      otherwise: decided === 0 ? null : (onlyTried + onlyServing) / decided,
    };
  });
