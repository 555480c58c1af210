// What is written for Kafka's flexible versions reads the same, at any length.

import test from 'ava';
import { FlexibleReader, FlexibleWriter } from '../../src/kafka/flexible.ts';

const ID = 'AAECAwQFBgcICQoLDA0ODw';

test('strings, ids, numbers and arrays are read as they were written, also where they outgrow the first buffer', (t) => {
  const names = Array.from({ length: 300 }, (_, index) => `topic-${index}`.padEnd(index, 'x'));
  const writer = new FlexibleWriter();
  writer
    .int8(-2)
    .int32(-3)
    .int64('9007199254740993')
    .topicId(ID)
    .topicId(null)
    .array(names, (name) => writer.string(name).topicId(ID).noTags())
    .array(null, () => t.fail())
    .noTags();
  const reader = new FlexibleReader(writer.written);
  t.deepEqual([reader.int8(), reader.int32(), reader.int64()], [-2, -3, '9007199254740993']);
  t.deepEqual([reader.topicId(), reader.topicId()], [ID, null]);
  const read = reader.array(() => {
    const each = [reader.string(), reader.topicId()];
    reader.skipTags();
    return each;
  });
  t.deepEqual(
    read,
    names.map((name) => [name, ID]),
  );
  t.deepEqual(
    reader.array(() => t.fail()),
    [],
  );
  reader.skipTags();
  t.throws(() => reader.int8(), { message: /ends too early/ });
});

test('tagged fields that nobody here knows are passed over', (t) => {
  const reader = new FlexibleReader(Buffer.from([0, 2, 0, 3, 1, 2, 3, 1, 0, 7]));
  reader.skipTags();
  t.is(reader.int8(), 7);
});
