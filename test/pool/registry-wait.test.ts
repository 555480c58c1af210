// Waiting for the registry is no time that a task takes, nor one that waits behind it: a registry
// that hangs for longer than scoring.deadline costs no thread and makes no dead letter. And schemas
// are found by what a record's headers say.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import avro from 'avsc';
import { encodeHeaders } from '../../src/log/record-batch-writer.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import { StatelessPool } from '../../src/pool/stateless-pool.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { COUNTER, deploymentOf, GROWTH, microBatchOf, outputsOf, transactions } from '../support/model.ts';

const NAMES = [...Array.from({ length: 28 }, (_, index) => `V${index + 1}`), 'Amount'];
const SCHEMA = {
  type: 'record',
  name: 'T',
  fields: [{ name: 'id', type: 'long' }, ...NAMES.map((name) => ({ name, type: 'double' }))],
};
const TYPE = avro.Type.forSchema(SCHEMA as never);
const bare = (index: number): Buffer => TYPE.toBuffer({ ...transactions(index + 1)[index], id: index });

function framed(schema: number, value: Buffer): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeInt32BE(schema, 1);
  return Buffer.concat([frame, value]);
}

/** A registry that answers as the test says by then; silent while that is null. */
async function registry(t: ExecutionContext, answer: (path: string) => object | null): Promise<string> {
  const server: Server = createServer(({ url = '' }, response) => {
    const found = answer(url);
    if (found === null) return;
    response.writeHead('error_code' in found ? 404 : 200);
    response.end(JSON.stringify(found));
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const DEADLINE_MS = 3_000;

async function poolAt(t: ExecutionContext, url: string, timeoutMs: number, workers = 1) {
  const lost: string[] = [];
  const options = { framing: 'confluent', schema: null, writers: [], schemasMax: 10 } as const;
  const pool = new StatelessPool({
    counts: COUNTER,
    hosts: Array.from({ length: workers }, () => {
      const thread = new PiscinaThread({ deadlineMs: DEADLINE_MS, growth: GROWTH });
      return new ModelHost(thread, { onThreadLost: (why) => lost.push(why) });
    }),
    deployment: deploymentOf({ inputFormat: 'avro', avro: { ...options, registry: { url, timeoutMs } } }),
    onThreadRetired: (why) => lost.push(why),
  });
  await pool.start();
  t.teardown(() => pool.stop());
  return { pool, lost };
}

test('a registry that hangs for longer than a deadline costs no thread, nor what waits behind', async (t) => {
  let hangs = true;
  const url = await registry(t, () => (hangs ? null : { schema: JSON.stringify(SCHEMA) }));
  // Three times this is longer than the deadline.
  const { pool, lost } = await poolAt(t, url, 1_500, 2);
  const microBatches = [0, 1, 2, 3].map((index) =>
    microBatchOf([{ key: null, value: framed(7, bare(index)) }], 'json', index),
  );
  const failed = await Promise.all(
    microBatches.map((each) => t.throwsAsync(pool.score(each), { code: 'SCORELANE_REGISTRY' })),
  );
  t.regex(failed[3]?.message ?? '', /takes longer than registry\.timeout, 1500 ms/);
  t.deepEqual(lost, []);
  hangs = false;
  const scored = await Promise.all(microBatches.map((each) => pool.score(each)));
  t.deepEqual(
    scored.map((each) => [each.scored, each.deadLetters]),
    microBatches.map(() => [1, 0]),
  );
  t.deepEqual(lost, []);
});

test('lanes that share a task do not wait for a schema that one of them needs', async (t) => {
  let asked = 0;
  const url = await registry(t, (path) => {
    if (path === '/schemas/ids/9') return { schema: JSON.stringify(SCHEMA) };
    asked++;
    return null;
  });
  const { pool, lost } = await poolAt(t, url, 2_000, 2);
  const lane = (partition: number, id: number) => ({
    ...microBatchOf([{ key: null, value: framed(id, bare(1)) }], 'json'),
    partition,
  });
  await Promise.all([pool.score(lane(1, 9)), pool.score(lane(2, 9))]);
  const [waiting, ...healthy] = pool.scoreTogether([lane(0, 7), lane(1, 9), lane(2, 9)]);
  const failed = t.throwsAsync(waiting as Promise<unknown>, { code: 'SCORELANE_REGISTRY' });
  const scored = await Promise.all(healthy);
  t.true(asked <= 1, 'the registry has not failed yet');
  t.deepEqual(
    scored.map((each) => each.scored),
    [1, 1],
  );
  await failed;
  t.deepEqual(lost, []);
});

test("a value whose schema is named in the record's headers is read without a frame, by GUID or number", async (t) => {
  const guid = Buffer.from('89791762233641869674299b90a802e2', 'hex');
  const asked: string[] = [];
  const url = await registry(t, (path) => {
    asked.push(path);
    const isKnown =
      path === '/schemas/guids/89791762-2336-4186-9674-299b90a802e2' || path === '/schemas/ids/9';
    return isKnown ? { schema: JSON.stringify(SCHEMA) } : { error_code: 404, message: 'no such path' };
  });
  const { pool } = await poolAt(t, url, 5_000);
  const headed = (index: number, ...values: readonly Buffer[]) => ({
    key: null,
    value: bare(index),
    headers: encodeHeaders([
      { key: 'trace', value: null },
      ...values.map((value) => ({ key: '__value_schema_id', value })),
    ]),
  });
  const byGuid = Buffer.concat([Buffer.of(1), guid]);
  const strange = Buffer.concat([Buffer.of(1), guid.toReversed()]);
  const outcome = await pool.score(
    microBatchOf([
      headed(0, byGuid),
      { key: null, value: framed(9, bare(1)) },
      // The last one counts.
      headed(2, Buffer.of(7), Buffer.from([0, 0, 0, 0, 9])),
      headed(3, Buffer.of(1, 2, 3)),
      headed(4, strange),
      headed(5, byGuid),
    ]),
  );
  t.is(outcome.scored, 4);
  const [first, second] = outputsOf(outcome)
    .filter(({ topic }) => topic === 'dead')
    .map(({ headers }) => headers);
  t.is(first?.['__scorelane.errors.code'], 'UNDECODABLE');
  t.regex(
    first?.['__scorelane.errors.message'] ?? '',
    /"__value_schema_id": expected the byte 1 .* found 3 bytes, 010203/,
  );
  t.is(second?.['__scorelane.errors.code'], 'NO_SCHEMA');
  t.regex(
    second?.['__scorelane.errors.message'] ?? '',
    /no schema with the GUID e202a890-.*PrefixSchemaIdSerializer/,
  );
  t.is(asked.length, 3);
});
