// Logical types of Avro as numbers that features can use: decimals, and times in milliseconds.
// https://avro.apache.org/docs/1.12.0/specification/#logical-types

/** From the written value to the number that it stands for. Null where they are the same. */
export interface Logical {
  readonly toNumber: ((written: unknown) => number) | null;
}

const DAY_MS = 86_400_000;
const dividedBy = (divisor: number): Logical => ({ toNumber: (written) => Number(written) / divisor });
const MILLIS: Logical = { toNumber: null };
const MICROS = dividedBy(1_000);
const NANOS = dividedBy(1_000_000);

const OF_LONG: ReadonlyMap<unknown, Logical> = new Map([
  ['timestamp-millis', MILLIS],
  ['local-timestamp-millis', MILLIS],
  ['timestamp-micros', MICROS],
  ['local-timestamp-micros', MICROS],
  ['timestamp-nanos', NANOS],
  ['local-timestamp-nanos', NANOS],
  ['time-micros', MICROS],
]);
const OF_INT: ReadonlyMap<unknown, Logical> = new Map([
  ['date', { toNumber: (written: unknown) => (written as number) * DAY_MS }],
  ['time-millis', MILLIS],
]);

/**
 * The bytes are the unscaled number in two's complement, big-endian. The result is a double,
 * because a feature is no more than that.
 */
const decimal = (scale: number): Logical => ({
  toNumber(written) {
    const bytes = written as Buffer;
    if (bytes.length === 0) return 0;
    const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
    return Number(`${unscaled}e-${scale}`);
  },
});

/**
 * Null if there is no logical type, or if it is unknown or does not fit the kind. The specification
 * says to ignore such types.
 */
export function logicalOf(kind: string, said: Readonly<Record<string, unknown>>): Logical | null {
  const { logicalType, scale = 0 } = said;
  if (kind === 'long') return OF_LONG.get(logicalType) ?? null;
  if (kind === 'int') return OF_INT.get(logicalType) ?? null;
  if (logicalType !== 'decimal' || (kind !== 'bytes' && kind !== 'fixed')) return null;
  return typeof scale === 'number' && Number.isInteger(scale) && scale >= 0 ? decimal(scale) : null;
}
