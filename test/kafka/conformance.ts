// Runs the conformance suite over the Kafka adapter, on a real broker of one version.

import type { TestFn } from 'ava';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { KafkaSource } from '../../src/kafka/source.ts';
import type { Source } from '../../src/log/ports.ts';
import type { KAFKA_VERSIONS } from '../../tools/broker.ts';
import { createTopics, deleteTopic } from '../../tools/topics.ts';
import { conformance, type LogHarness } from '../log/conformance.ts';
import { incarnations } from '../log/incarnations.ts';
import { java, kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';

export function kafkaConformance(test: TestFn, version: (typeof KAFKA_VERSIONS)[number]): void {
  const sources: Source[] = [];
  let sink: KafkaSink | undefined;

  const broker = withBroker(test, { version }, async ({ address }) => {
    const settings = settingsFor(address);
    sink = new KafkaSink(kafkaFor(settings), settings);
    await sink.start();
  });

  test.after.always(async () => {
    await Promise.all(sources.map((source) => source.stop()));
    await sink?.stop();
  });

  const harness: LogHarness = {
    createTopic: (topic, partitionCount) => createTopics(broker().address, { [topic]: partitionCount }),
    deleteTopic: (topic) => deleteTopic(broker().address, topic),
    source(groupId, topic) {
      const settings = settingsFor(broker().address, { 'group.id': groupId });
      const source = new KafkaSource(kafkaFor(settings), { topic, settings, onOutOfRange: 'fail' });
      sources.push(source);
      return source;
    },
    sink() {
      if (sink === undefined) throw new Error('the sink is not up');
      return sink;
    },
    async expel(groupId) {
      await java('expel', broker().address, groupId);
    },
  };

  conformance(test, () => harness);
  incarnations(test, () => harness);
}
