// Responses are cut out of the stream whole and unharmed, however the stream was cut into reads.

import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { createSocket, ResponseAssembler } from '../../src/kafka/socket.ts';
import { runs } from '../support/runs.ts';

const framed = (byteLength: number, fill: number): Buffer => {
  const response = Buffer.alloc(4 + byteLength, fill);
  response.writeInt32BE(byteLength);
  return response;
};

test('every response comes out once, in order, with the bytes that were sent', (t) => {
  const sizes = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 60_000, max: 70_000 }), fc.nat(300_000)), {
    maxLength: 12,
  });
  const reads = fc.infiniteStream(
    fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200_000 })),
  );
  fc.assert(
    fc.property(sizes, reads, (byteLengths, cuts) => {
      const sent = byteLengths.map((byteLength, index) => framed(byteLength, index + 1));
      const received: Buffer[] = [];
      const assembler = new ResponseAssembler((response) => received.push(response));
      const stream = Buffer.concat(sent);
      for (let at = 0; at < stream.length; ) {
        const target = assembler.next();
        t.true(target.length > 0);
        const wanted = cuts.next().value as number;
        const byteLength = Math.min(target.length, wanted, stream.length - at);
        stream.copy(target, 0, at, at + byteLength);
        at += byteLength;
        assembler.received(byteLength);
      }
      t.is(received.length, sent.length);
      t.true(received.every((response, index) => response.equals(sent[index] as Buffer)));
    }),
    runs(60),
  );
});

test.serial('a request does not wait until TCP has confirmed the one before', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const original = Socket.prototype.setNoDelay;
  const asked: unknown[] = [];
  Socket.prototype.setNoDelay = function (this: Socket, noDelay) {
    asked.push(noDelay);
    return original.call(this, noDelay);
  };
  const connected = Promise.withResolvers<void>();
  const socket = createSocket({
    host: '127.0.0.1',
    port,
    ssl: undefined as never,
    onConnect: connected.resolve,
  });
  Socket.prototype.setNoDelay = original;
  await connected.promise;
  socket.destroy();
  server.close();
  t.deepEqual(asked, [true]);
});
