// What people write today: kafkajs eachBatch, msgpackr or JSON.parse, one tfjs call a batch, kafkajs producer, one thread. Its own
// process and plain kafkajs. Scores `count` records of a topic and prints one JSON line with how long it took.

import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { pack, unpack } from 'msgpackr';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { BACKENDS } from '../../src/model/predictor.ts';

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: '127.0.0.1:9092' },
    input: { type: 'string', default: 'transactions' },
    output: { type: 'string', default: 'scores' },
    group: { type: 'string', default: `each-batch-${process.pid}` },
    model: { type: 'string', default: '' },
    format: { type: 'string', default: 'msgpack' },
    backend: { type: 'string', default: 'wasm' },
    count: { type: 'string' },
  },
});

const count = Number(values.count);
interface Input {
  readonly id: string;
  readonly features: readonly number[];
}
const isJson = values.format === 'json';
const decode = (value: Buffer): Input => (isJson ? JSON.parse(value.toString()) : unpack(value)) as Input;
const encode = (result: object): Buffer | string => (isJson ? JSON.stringify(result) : pack(result));
const backend = BACKENDS.find((name) => name === values.backend);
if (backend === undefined || !(count > 0))
  throw new Error('usage: each-batch --count N [--backend wasm|native]');

const manifest = readManifest(values.model);
const predictor = await loadPredictor(backend, manifest);

const kafka = new Kafka({ brokers: [values.brokers], logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: values.group, maxWaitTimeInMs: 100 });
const producer = kafka.producer({ allowAutoTopicCreation: false });
await Promise.all([consumer.connect(), producer.connect()]);
await consumer.subscribe({ topics: [values.input], fromBeginning: true });

let scored = 0;
let startedMs = 0;
let cpuAtStart = process.cpuUsage();
const done = new Promise<void>((resolve) => {
  void consumer.run({
    eachBatch: async ({ batch }) => {
      if (scored === 0) {
        startedMs = performance.now();
        cpuAtStart = process.cpuUsage();
      }
      const { messages, partition } = batch;
      const features = new Float32Array(messages.length * manifest.width);
      const records = messages.map(({ value }) => decode(value as Buffer));
      records.forEach((record, index) => {
        features.set(record.features, index * manifest.width);
      });
      const [scores] = predictor.predict(features, messages.length);
      await producer.send({
        topic: values.output,
        acks: -1,
        messages: messages.map(({ key }, index) => ({
          key,
          partition,
          value: encode({ id: records[index]?.id, score: scores?.[index], model: manifest.name }),
        })),
      });
      scored += messages.length;
      if (scored >= count) resolve();
    },
  });
});
await done;
const seconds = (performance.now() - startedMs) / 1000;
const { user, system } = process.cpuUsage(cpuAtStart);
console.log(
  JSON.stringify({
    scored,
    seconds,
    recordsPerSecond: scored / seconds,
    cpuMicrosPerRecord: (user + system) / scored,
  }),
);
process.exit(0);
