// The memory log keeps the contracts of the ports.

import test from 'ava';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySink } from '../../src/memory/sink.ts';
import { MemorySource } from '../../src/memory/source.ts';
import { conformance, type LogHarness } from '../log/conformance.ts';
import { incarnations } from '../log/incarnations.ts';

const broker = new MemoryBroker();
const sink = new MemorySink(broker);

const harness: LogHarness = {
  async createTopic(topic, partitionCount) {
    broker.createTopic(topic, partitionCount);
  },
  async deleteTopic(topic) {
    broker.deleteTopic(topic);
  },
  source: (groupId, topic) =>
    new MemorySource(broker, { groupId, topic, reset: 'earliest', fetchBytesMax: 2 ** 20 }),
  sink: () => sink,
  async expel(_, sources) {
    for (const source of sources) await (source as MemorySource).expire();
  },
};

conformance(test, () => harness);
incarnations(test, () => harness);
