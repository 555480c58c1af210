// What people write today when they care: kafkajs eachBatch, msgpackr or JSON.parse, one tfjs call
// a batch, kafkajs producer, one thread. Plain kafkajs in a process of its own; prints how fast it
// was as one line of JSON.

import { Kafka, logLevel } from 'kafkajs';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { decoder, encoder, peerArguments, Stopwatch } from './peer.ts';

const peer = peerArguments();
const decode = decoder(peer.format);
const encode = encoder(peer.format);
const manifest = readManifest(peer.model);
const predictor = await loadPredictor(peer.backend, manifest);
const stopwatch = new Stopwatch(peer);

const kafka = new Kafka({ brokers: peer.brokers.split(','), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: peer.group, maxWaitTimeInMs: 100 });
const producer = kafka.producer({ allowAutoTopicCreation: false });
await Promise.all([consumer.connect(), producer.connect()]);
await consumer.subscribe({ topics: [peer.input], fromBeginning: true });
await consumer.run({
  eachBatch: async ({ batch }) => {
    stopwatch.begin();
    const { messages, partition } = batch;
    const features = new Float32Array(messages.length * manifest.width);
    const records = messages.map(({ value }) => decode(value as Buffer));
    records.forEach((record, index) => {
      features.set(record.features, index * manifest.width);
    });
    const [scores] = predictor.predict(features, messages.length);
    await producer.send({
      topic: peer.output,
      acks: -1,
      messages: messages.map(({ key }, index) => ({
        key,
        partition,
        value: encode({ id: records[index]?.id, score: scores?.[index], model: manifest.name }),
      })),
    });
    stopwatch.scored(messages.length);
  },
});
console.log(JSON.stringify(await stopwatch.done));
process.exit(0);
