// Which records are skipped, as the audit asks: by their fields, or for having no value, and not
// before their schema is known.

import test from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import type { RecordView } from '../../src/log/record-batch-reader.ts';
import { encodeHeaders, NO_HEADERS } from '../../src/log/record-batch-writer.ts';
import type { ReadingSetup } from '../../src/reading/reading-setup.ts';
import { Selection } from '../../src/reading/selection.ts';
import { registryServer } from '../support/registry-server.ts';

const SETUP: ReadingSetup = {
  inputFormat: 'json',
  avro: null,
  json: { isFramed: false, schemas: [], notFinite: false },
  only: {},
  tombstones: 'deadLetter',
  nestingMax: 64,
};
const ONLY_A = { kind: ['a', null] };
const AVRO = { framing: 'confluent', schema: null, writers: [], schemasMax: 9, registry: null } as const;
const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'R',
  fields: [{ name: 'kind', type: ['null', 'string'] }],
});

/** A record with that value, in the middle of other bytes. */
function record(value: Uint8Array | null, headers: Uint8Array = NO_HEADERS): RecordView {
  const bytes = Buffer.concat([Buffer.from('1'), value ?? Buffer.alloc(0), headers, Buffer.from('1')]);
  const end = 1 + (value?.length ?? 0);
  return {
    ...{ bytes, offset: 0, timestamp: 0, timestampMs: 0, keyStart: -1, keyEnd: -1 },
    ...{
      valueStart: value === null ? -1 : 1,
      valueEnd: value === null ? -1 : end,
      headersStart: end,
      headersEnd: end + headers.length,
    },
  };
}

const json = (value: unknown): RecordView => record(codecs.json.encode(value));

test('where nothing is left out nothing is skipped, and nobody need ask', (t) => {
  const all = new Selection(SETUP);
  t.false(all.isNeeded);
  t.false(all.skips(json({ kind: 'b' })));
  t.false(all.skips(record(null)));
  t.true(new Selection({ ...SETUP, tombstones: 'skip' }).isNeeded);
  t.true(new Selection({ ...SETUP, only: ONLY_A }).isNeeded);
});

test('a record without a value is skipped where that is configured, and never for its fields', (t) => {
  t.true(new Selection({ ...SETUP, tombstones: 'skip' }).skips(record(null)));
  t.false(new Selection({ ...SETUP, only: ONLY_A }).skips(record(null)));
  t.false(new Selection({ ...SETUP, tombstones: 'skip' }).skips(json({})));
});

test('a record is skipped if a field has none of the values that are wanted; what is damaged is not', (t) => {
  const some = new Selection({ ...SETUP, only: ONLY_A });
  t.false(some.skips(json({ kind: 'a' })));
  t.false(some.skips(json({ kind: null })));
  t.true(some.skips(json({ kind: 'b' })));
  t.true(some.skips(json({})));
  t.false(some.skips(record(Buffer.from('{'))));
});

test('a value of Avro can be judged once its schema is known: it is asked for by number or by name', async (t) => {
  const ids: string[] = [];
  using server = await registryServer(({ path }) => {
    ids.push(path);
    return { schema: SCHEMA };
  });
  const registry = { url: server.url, timeoutMs: 10_000 };
  const some = new Selection({ ...SETUP, inputFormat: 'avro', avro: { ...AVRO, registry }, only: ONLY_A });
  const [a, b] = [Buffer.of(2, 2, 0x61), Buffer.of(2, 2, 0x62)];
  const framed = (value: Uint8Array): RecordView => record(Buffer.concat([Buffer.of(0, 0, 0, 0, 7), value]));
  const guid = encodeHeaders([{ key: '__value_schema_id', value: Buffer.of(1, ...Buffer.alloc(16, 3)) }]);
  t.false(await some.learn(), 'nothing was needed yet');
  t.is(some.skips(framed(a)), undefined);
  t.is(some.skips(framed(b)), undefined);
  t.is(some.skips(record(b, guid)), undefined);
  t.true(await some.learn());
  t.deepEqual(ids, ['/schemas/ids/7', '/schemas/guids/03030303-0303-0303-0303-030303030303']);
  t.is(some.skips(framed(a)), false);
  t.is(some.skips(framed(b)), true);
  t.is(some.skips(record(b, guid)), true);
  t.is(some.skips(framed(b)), true, 'the header of the record before is forgotten');
  t.false(await some.learn());
});

test('without a registry a schema stays unknown, and its records are not skipped', async (t) => {
  const some = new Selection({ ...SETUP, inputFormat: 'avro', avro: AVRO, only: ONLY_A });
  const framed = record(Buffer.of(0, 0, 0, 0, 7, 0));
  t.is(some.skips(framed), undefined);
  t.true(await some.learn());
  t.is(some.skips(framed), false);
});
