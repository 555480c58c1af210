// A daemon with a topic of labels, on a real broker: its metrics are what `models report` says of
// the same topics, also after a restart, and a topic that is missing stops nothing.

import anyTest, { type TestFn } from 'ava';
import type { QualityReport } from '../../src/daemon/live-quality.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { Random } from '../../src/load/random.ts';
import { createTopics } from '../../tools/topics.ts';
import { allCommitted, flags, newJob, Program, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';
import { windowsModel } from '../support/windows-model.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const RECORDS = 500;
/** A zero byte and the number of a schema. */
const FRAME = '\u0000\u0000\u0000\u0000\u0001';

async function metricsOf(daemon: Program): Promise<Map<string, number>> {
  const [, url = ''] = /http at (http:\S+\d): /.exec(daemon.out) ?? [];
  const text = await (await fetch(`${url}/metrics`)).text();
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, labels, value] =
        /^scorelane_quality_(\w+)\{job="default"(\S*)\} (\S+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name + labels, Number(value)] as const];
    }),
  );
}

test.serial('quality by late labels is among the metrics, as models report has it', async (t) => {
  t.timeout(180_000);
  const { address } = broker();
  const { settings } = windowsModel('\n  - { path: amount }', '{}', '1', {
    more: 'results: [{ as: fraudulent, threshold: score, above: 0.5 }]\n',
  });
  const formats = ['input.format=json', 'input.framing=confluent', 'output.format=json', 'output.ids=[id]'];
  const job = await newJob(address, [...settings, ...formats, 'model.backend=wasm', 'scoring.workers=1'], 2);
  const labels = `${job.results}-labels`;
  const watched = [
    'http.listen=127.0.0.1:0',
    `labels.topic=${labels}`,
    'labels.field=chargeback',
    'labels.every=1s',
  ];
  const sinkSettings = settingsFor(address);
  const kafka = kafkaFor(sinkSettings);
  const sink = new KafkaSink(kafka, sinkSettings);
  await sink.start();
  t.teardown(() => sink.stop());
  const random = new Random(3);
  const timestampMs = Date.now();
  /** Every third one stands in a frame, as some producers write JSON. */
  const value = (record: object, index: number) => ({
    ...{ key: null, timestampMs },
    value: `${index % 3 === 0 ? FRAME : ''}${JSON.stringify(record)}`,
  });
  const send = (topic: string, records: readonly object[]) =>
    sink.produce(
      [0, 1].map((partition) =>
        batchOf(topic, partition, records.filter((_, index) => index % 2 === partition).map(value)),
      ),
    );

  const daemon = await startDaemon(job, watched);
  await daemon.says(/labels: results are not joined with them.*-labels/);
  await send(
    job.input,
    Array.from({ length: RECORDS }, (_, id) => ({ id, amount: random.next() * 10 - 5 })),
  );
  await allCommitted(job, kafka, daemon);
  await daemon.stop();

  await createTopics(address, { [labels]: 2 });
  const again = await startDaemon(job, watched);
  await send(
    labels,
    Array.from({ length: RECORDS - 100 }, (_, id) => ({ id, chargeback: random.next() < 0.3 })),
  );
  const all = ',version="1"';
  const told = await until('all labels to be joined', async () => {
    const metrics = await metricsOf(again);
    return metrics.get(`labelled_results${all}`) === RECORDS - 100 && metrics;
  });
  await again.stop();
  const report = new Program([
    ...['models', 'report', '--config', 'config/kafka.yaml', ...flags(job, [])],
    ...['--labels', 'chargeback', '--labels-topic', labels, '--json'],
  ]);
  t.is((await report.ended).code, 0, report.out);
  const { rows } = JSON.parse(report.printed) as QualityReport;
  const [row] = rows.filter(({ day }) => day === null);
  const expected: Readonly<Record<string, number | null | undefined>> = {
    [`auc${all}`]: row?.areaUnderRoc?.value,
    [`average_precision${all}`]: row?.averagePrecision?.value,
    [`precision${all}`]: row?.precision,
    [`recall${all}`]: row?.recall,
    [`brier_score${all}`]: row?.brierScore,
    [`calibration_error${all}`]: row?.calibrationError,
    [`results${all}`]: RECORDS,
    [`labelled_results${all}`]: RECORDS - 100,
    [`positive_results${all}`]: row?.positives,
    sampled_share: 1,
    unreadable_records: 0,
  };
  t.deepEqual([...told.keys()].toSorted(), Object.keys(expected).toSorted());
  // Sums of floats in another order.
  for (const [name, figure] of told) t.true(Math.abs(figure - (expected[name] ?? Number.NaN)) < 1e-9, name);
});
