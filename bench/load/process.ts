// The load source as a process of its own, so that it takes no time from what is measured but that
// of its core. Sends a plan through several connections and prints its report as one line of JSON.

import { parseArgs } from 'node:util';
import '../../src/process.ts';
import { schema } from '../../src/config/schema.ts';
import { createKafka } from '../../src/kafka/client.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { type LivePlan, runLingering } from './lingering.ts';
import { type LoadPlan, type LoadReport, runOpenLoop } from './open-loop.ts';
import { produceClient } from './produce-client.ts';

const CONNECTIONS = 2;

const { values } = parseArgs({
  options: { brokers: { type: 'string', default: '' }, plan: { type: 'string', default: '{}' } },
});
/** JSON has no infinity: null stands for it. */
const { recordsPerSecond, ...plan } = JSON.parse(values.plan) as LoadPlan & {
  recordsPerSecond: number | null;
};
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const report = plan.live === undefined ? await openLoop() : await lingering(plan.live);
console.log(JSON.stringify(report));

async function openLoop(): Promise<LoadReport> {
  const settings = {
    ...schema.shape.kafka.parse({}),
    'bootstrap.servers': values.brokers,
    // Only the sinks are used, which join no group.
    'group.id': '',
  };
  const sinks = Array.from(
    { length: CONNECTIONS },
    () =>
      new KafkaSink(
        createKafka(settings, () => {}),
        settings,
      ),
  );
  await Promise.all(sinks.map((sink) => sink.start()));
  const sent = await runOpenLoop(
    { ...plan, recordsPerSecond: recordsPerSecond ?? Number.POSITIVE_INFINITY },
    sinks,
    stop.signal,
  );
  await Promise.all(sinks.map((sink) => sink.stop()));
  return sent;
}

async function lingering(live: LivePlan): Promise<LoadReport> {
  const sink = await produceClient(values.brokers, plan.topic);
  const sent = await runLingering(
    { ...plan, recordsPerSecond: recordsPerSecond ?? 1 },
    live,
    sink,
    stop.signal,
  );
  await sink.stop();
  return sent;
}
