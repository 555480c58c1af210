// The two formats whose packages have no bound of their own: how large data becomes is known from
// the data, before it is inflated.

import test from 'ava';
import fc from 'fast-check';
import snappy from 'snappy';
import {
  COMPRESSION_TYPES,
  CompressionError,
  compress,
  decompress,
  InflationBoundError,
  turnToFree,
} from '../../src/log/compression.ts';

const [GZIP, SNAPPY, LZ4, ZSTD] = [1, 2, 3, 4] as const;

/** Which error, if any. */
const outcome = (type: number, data: Uint8Array, bound: number): string => {
  try {
    decompress(type, data, bound);
    return 'inflated';
  } catch (error) {
    return (error as Error).constructor.name;
  }
};

const XERIAL = Buffer.from('82534e41505059000000000100000001', 'hex');

function xerial(parts: readonly Buffer[]): Buffer {
  const blocks = parts.flatMap((part) => {
    const block = snappy.compressSync(part);
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.byteLength);
    return [size, block];
  });
  return Buffer.concat([XERIAL, ...blocks]);
}

test('snappy comes back raw and in frames of any number of blocks, up to the bound of all together', (t) => {
  const blocks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 });
  fc.assert(
    fc.property(blocks, (given) => {
      const parts = given.map((part) => Buffer.from(part));
      const whole = Buffer.concat(parts);
      for (const data of [xerial(parts), snappy.compressSync(whole)]) {
        t.deepEqual(Buffer.from(decompress(SNAPPY, data, whole.byteLength)), whole);
        if (whole.byteLength > 0)
          t.throws(() => decompress(SNAPPY, data, whole.byteLength - 1), { instanceOf: InflationBoundError });
      }
    }),
    { numRuns: 50 },
  );
});

test('how large snappy data becomes is read from its first bytes: nothing is made room for beyond the bound', (t) => {
  for (const [head, size] of [
    [[0x7f], 127],
    [[0x80, 0x01], 128],
    [[0x80, 0x80, 0x01], 2 ** 14],
    [[0xff, 0xff, 0x7f], 2 ** 21 - 1],
    [[0x80, 0x80, 0x80, 0x01], 2 ** 21],
    [[0x80, 0x80, 0x80, 0x80, 0x01], 2 ** 28],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], 2 ** 32 - 1],
  ] as const) {
    t.is(outcome(SNAPPY, Uint8Array.from(head), size - 1), 'InflationBoundError');
    if (size < 2 ** 22)
      t.is(outcome(SNAPPY, Uint8Array.from(head), size), 'CompressionError', 'the rest is missing');
  }
  const endless = Uint8Array.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
  t.throws(() => decompress(SNAPPY, endless, 2 ** 40), {
    instanceOf: CompressionError,
    message: /without a length/,
  });
  t.is(outcome(SNAPPY, new Uint8Array(0), 10), 'CompressionError');
});

test('a frame of snappy without blocks holds nothing, and its first bytes alone are no frame', (t) => {
  t.is(decompress(SNAPPY, XERIAL, 0).byteLength, 0);
  t.is(outcome(SNAPPY, XERIAL.subarray(0, 15), 100_000), 'CompressionError');
});

/**
 * An lz4 frame by its format: blocks of these sizes, stored as they are or said to be compressed.
 */
function lz4Frame(
  flags: number,
  blockSize: number,
  blocks: readonly { readonly stored: boolean; readonly size: number }[],
): Buffer {
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40 | flags, blockSize << 4]);
  const options = Buffer.alloc(((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4), 0xff);
  const body = blocks.flatMap(({ stored, size }) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE((stored ? 0x8000_0000 : 0) + size);
    return [length, Buffer.alloc(size, 0xff), Buffer.alloc((flags & 0x10) === 0 ? 0 : 4, 0xff)];
  });
  return Buffer.concat([header, options, Buffer.of(0xff), ...body, Buffer.alloc(4)]);
}

test('an lz4 frame is bounded by its blocks, with whatever fields its flags announce', (t) => {
  const blocks = [
    { stored: true, size: 100 },
    { stored: false, size: 9 },
    { stored: true, size: 3 },
  ];
  for (const flags of [0, 0x01, 0x08, 0x10, 0x11, 0x18, 0x19])
    for (const [blockSize, blockBytes] of [
      [4, 2 ** 16],
      [5, 2 ** 18],
      [6, 2 ** 20],
      [7, 2 ** 22],
    ] as const) {
      const frame = lz4Frame(flags, blockSize, blocks);
      const bound = 103 + blockBytes;
      t.is(outcome(LZ4, frame, bound - 1), 'InflationBoundError', `flags ${flags}, block size ${blockSize}`);
      t.is(
        outcome(LZ4, frame, bound),
        'CompressionError',
        'it may be inflated, but its bytes are none of lz4',
      );
    }
});

test('what is no lz4 frame is refused by name', (t) => {
  const frame = lz4Frame(0, 4, []);
  t.throws(() => decompress(LZ4, Buffer.from(frame).fill(0, 0, 1), 1_000), {
    message: /without a frame header/,
  });
  for (const blockSize of [0, 3]) {
    t.throws(() => decompress(LZ4, lz4Frame(0, blockSize, []), 1_000), { message: /unknown block size/ });
  }
  t.is(outcome(LZ4, frame.subarray(0, 8), 1_000), 'CompressionError', 'it has no end');
});

test('a compression type that Kafka does not have is refused by its number', (t) => {
  t.throws(() => decompress(COMPRESSION_TYPES.length, new Uint8Array(4), 1_000), {
    instanceOf: CompressionError,
    message: 'compression type 5 is not known',
  });
});

test('a turn of the event loop is due after what the packages handed out, once, and after nothing else', async (t) => {
  const bytes = Buffer.alloc(1_000, 'x');
  void turnToFree();
  for (const type of [GZIP, ZSTD]) decompress(type, compress(COMPRESSION_TYPES[type], bytes), 10_000);
  t.is(turnToFree(), undefined);
  for (const type of [SNAPPY, LZ4] as const) {
    const packed = compress(COMPRESSION_TYPES[type], bytes);
    const turn = turnToFree();
    t.true(turn instanceof Promise);
    t.is(turnToFree(), undefined);
    decompress(type, packed, 2 ** 22);
    t.true(turnToFree() instanceof Promise);
    await turn;
  }
});

test('gzip is the quickest that there is: its header says so', (t) => {
  t.is(compress('gzip', Buffer.alloc(100))[8], 4);
});
