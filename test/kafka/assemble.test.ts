// A request as it goes over the wire, whatever its length and the pieces that it is made of.

import test from 'ava';
import fc from 'fast-check';
import { assembleRequest } from '../../src/kafka/assemble.ts';
import { runs } from '../support/runs.ts';

const SHORT_BYTES = 16 * 1024;

async function assembled(pieces: readonly Uint8Array[], clientId: string) {
  const request = { apiKey: 1, apiName: 'Fetch', apiVersion: 13, encode: async () => ({ pieces }) };
  const { buffer } = await assembleRequest({ correlationId: 7, clientId, request });
  return {
    isWhole: buffer.following === undefined,
    wire: Buffer.concat([buffer, ...(buffer.following ?? [])]),
  };
}

test('a request has its size, its head and its pieces, one after the other; short ones are one buffer', async (t) => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constant(new Uint8Array(SHORT_BYTES / 2 - 20).fill(9)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.string(), async (pieces, clientId) => {
      const { isWhole, wire } = await assembled(pieces, clientId);
      const body = Buffer.concat(pieces);
      const id = Buffer.from(clientId);
      t.is(wire.readInt32BE(0), wire.byteLength - 4);
      t.deepEqual([wire.readInt16BE(4), wire.readInt16BE(6), wire.readInt32BE(8)], [1, 13, 7]);
      t.is(wire.readInt16BE(12), id.byteLength);
      t.deepEqual(wire.subarray(14), Buffer.concat([id, body]));
      t.is(isWhole, wire.byteLength <= SHORT_BYTES);
    }),
    runs(200),
  );
});
