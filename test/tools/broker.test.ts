// The test's broker: what it hands to Kafka's own tools.

import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'ava';
import { clusterId, freePort, startBroker, topicsArgument } from '../../tools/broker.ts';

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

test('a cluster id never looks like an option of the storage tool', (t) => {
  // 0xf8 in front is a dash in base64url: one in 64 ids began with one.
  const dashed = Uint8Array.of(0xf8, ...new Uint8Array(15));
  const plain = new Uint8Array(16).fill(1);
  const answers = [dashed, dashed, plain];
  t.is(
    clusterId(() => answers.shift() as Uint8Array),
    Buffer.from(plain).toString('base64url'),
  );
});

test('a free port is none that the system gives to somebody else before the broker is up, and none is given twice', async (t) => {
  // Those that Linux gives to connections and to servers that do not mind.
  const [first = 32_768] = existsSync(RANGE)
    ? readFileSync(RANGE, 'utf8').trim().split(/\s+/).map(Number)
    : [];
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  t.deepEqual(
    ports.filter((port) => port >= first),
    [],
  );
  t.is(new Set(ports).size, ports.length);
});

test('topics are named with their partitions, one unless given; what is none is refused with an example', (t) => {
  t.deepEqual(topicsArgument('a:4,b.c-d'), { a: 4, 'b.c-d': 1 });
  for (const wrong of ['a:0', 'a:x', ':3', 'a b'])
    t.throws(() => topicsArgument(wrong), { message: /expected topics with their partitions, such as/ });
});

test('a broker on a port that is taken is refused, and is not mistaken for the one that has it', async (t) => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await t.throwsAsync(startBroker({ port }), { message: `somebody listens on port ${port} already` });
  server.close();
});
