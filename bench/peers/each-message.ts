// What most people write today: kafkajs eachMessage, one predict call and one send a record, one
// thread. Prints how fast it was as one line of JSON.

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
  eachMessage: async ({ message, partition }) => {
    stopwatch.begin();
    const record = decode(message.value as Buffer);
    const [scores] = predictor.predict(Float32Array.from(record.features), 1);
    const value = encode({ id: record.id, score: scores?.[0], model: manifest.name });
    await producer.send({ topic: peer.output, acks: -1, messages: [{ key: message.key, partition, value }] });
    stopwatch.scored(1);
  },
});
console.log(JSON.stringify(await stopwatch.done));
process.exit(0);
