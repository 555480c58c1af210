// A value of an extension type of MessagePack. It holds the data unchanged, so nobody has to know
// the type. `toJSON` says as much of it as text can say.

/** The only type that the format itself defines: a time. */
const TIMESTAMP = -1;
const NANOS_PER_SECOND = 1_000_000_000;
const FRACTION_DIGITS = 9;

export class Extension extends Uint8Array {
  readonly type: number;

  constructor(type: number, data: Uint8Array) {
    super(data);
    this.type = type;
  }

  /** `subarray` and the like give plain bytes. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  toJSON(): unknown {
    return (this.type === TIMESTAMP ? timeOf(this) : null) ?? { type: this.type, data: base64(this) };
  }
}

export const base64 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

/**
 * ISO 8601, with three, six or nine digits after the second. Null if it is no time, or beyond the
 * range of JavaScript's dates.
 */
function timeOf(data: Uint8Array): string | null {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let [seconds, nanos] = [0, 0];
  if (data.length === 4) seconds = view.getUint32(0);
  else if (data.length === 8) {
    const all = view.getBigUint64(0);
    [seconds, nanos] = [Number(all & 0x3_ffff_ffffn), Number(all >> 34n)];
  } else if (data.length === 12) [seconds, nanos] = [Number(view.getBigInt64(4)), view.getUint32(0)];
  else return null;
  const whole = new Date(seconds * 1_000);
  if (nanos >= NANOS_PER_SECOND || Number.isNaN(whole.getTime())) return null;
  const digits = String(nanos)
    .padStart(FRACTION_DIGITS, '0')
    .replace(/(?:000){1,2}$/, '');
  return whole.toISOString().replace('.000Z', `.${digits}Z`);
}
