// The test's broker: what it hands to Kafka's own tools.

import test from 'ava';
import { clusterId } from '../../tools/broker.ts';

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
