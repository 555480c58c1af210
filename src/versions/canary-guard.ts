// When a canary is taken back by itself: it fails, is slow, or scores otherwise. Pure.

export interface CanaryLimits {
  /** Nothing is judged before it has scored so many records. */
  readonly records: number;
  /** The share of records that it may fail on. */
  readonly failures: number;
  /** How many times the time for a record it may take. */
  readonly latency: number;
  /** How far its scores may be from those of the version that serves, as PSI. */
  readonly shift: number;
}

export interface CanarySeen {
  readonly records: number;
  readonly failures: number;
  /** Of how many predict calls, and their time. */
  readonly calls: number;
  readonly predictMs: number;
  readonly servingRecords: number;
  readonly servingCalls: number;
  readonly servingMs: number;
  /** PSI; NaN where it is not known. */
  readonly shift: number;
}

/** Failures are told from chance sooner than distributions. */
const FAILURES_RECORDS_MAX = 100;

/**
 * A predict call costs something of its own, whatever its rows. With so many rows in a call it does
 * not show.
 */
const ROWS_OF_A_CALL = 64;

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;

/** Why it must not go on; null if it may. */
export function troubleOfCanary(seen: CanarySeen, limits: CanaryLimits): string | null {
  const { records, failures, predictMs, servingRecords, servingMs, shift } = seen;
  const failed = failures / records;
  if (records >= Math.min(limits.records, FAILURES_RECORDS_MAX) && failed > limits.failures)
    return `it fails on ${percent(failed)} of ${records} records, model.canaryFailures allows ${percent(limits.failures)}`;
  if (records < limits.records || servingRecords < limits.records) return null;
  const [eachMs, servingEachMs] = [predictMs / records, servingMs / servingRecords];
  if (eachMs > limits.latency * servingEachMs && isSlowByCall(seen, limits))
    return (
      `it takes ${eachMs.toFixed(3)} ms a record, ${(eachMs / servingEachMs).toFixed(1)} times what the version that ` +
      `serves takes, model.canaryLatency allows ${limits.latency}`
    );
  if (shift > limits.shift)
    return `its scores are distributed otherwise: a PSI of ${shift.toFixed(2)}, model.canaryShift allows ${limits.shift}`;
  return null;
}

/**
 * Rows of a canary come a few at a time, and more of the version that serves come with them. Where
 * they are few, a call must be slower too: so a model is never slower than itself.
 */
function isSlowByCall(
  { records, calls, predictMs, servingCalls, servingMs }: CanarySeen,
  { latency }: CanaryLimits,
): boolean {
  return records >= ROWS_OF_A_CALL * calls || predictMs / calls > latency * (servingMs / servingCalls);
}
