// An instance with a name of its own in the group: what a restart costs it and the others. On both
// brokers, because each has its own implementation of groups.

import test from 'ava';
import { KAFKA_VERSIONS } from '../../tools/broker.ts';
import {
  allCommitted,
  audit,
  type Job,
  newJob,
  type Program,
  perfect,
  startDaemon,
  startLoad,
} from '../support/daemon.ts';
import { kafkaFor, settingsFor, testBroker } from '../support/kafka.ts';
import { until } from '../support/until.ts';

/** Far more than a start takes: who has to wait for a session to end does not pass. */
const SESSION = ['kafka.session.timeout.ms=120000', 'kafka.heartbeat.interval.ms=300'];
const RARE = 'kafka.heartbeat.interval.ms=3000';
/** So many that the last of them come when all have been restarted. */
const RECORDS = 6_000;
const RATE = 200;

const named = (job: Job, name: string, ...more: string[]): Promise<Program> =>
  startDaemon(job, ['model.backend=wasm', `kafka.group.instance.id=${name}`, ...SESSION, ...more]);

/** Its partitions, each time that it was given some. */
const assignments = ({ out }: Program): string[] =>
  [...out.matchAll(/"partitions":(\[[^\]]*\])[^\n]*"msg":"assigned"/g)].map(([, partitions]) =>
    (JSON.parse(partitions as string) as string[]).map((each) => each.split('@', 1)[0]).join(),
  );

const FEW = ['a', 'b', 'c'];
const MANY = [...FEW, 'd', 'e'];

for (const [version, names] of KAFKA_VERSIONS.map(
  (each, index) => [each, index === 0 ? MANY : FEW] as const,
)) {
  test.serial(
    `Kafka ${version}: after kill -9 it goes on at once, and a rolling restart of ${names.length} moves no partition and repeats nothing`,
    async (t) => {
      t.timeout(300_000);
      const broker = await testBroker({ version });
      const running: Program[] = [];
      try {
        const job = await newJob(broker.address, [], 2 * names.length);
        for (const name of names) running.push(await named(job, name));
        await until('two partitions each', () =>
          running.every((each) => assignments(each).at(-1)?.split(',').length === 2),
        );
        const before = running.map((each) => assignments(each));
        const restart = async (index: number, name: string, signal?: 'SIGKILL'): Promise<void> => {
          await running[index]?.stop(signal);
          const again = await named(job, name);
          running[index] = again;
          t.is(assignments(again).at(-1), before[index]?.at(-1), 'it has the partitions that it had');
        };
        await restart(0, 'a', 'SIGKILL');
        const load = startLoad(job, RECORDS, '--rate', String(RATE));
        for (const [index, name] of names.entries()) await restart(index, name);
        for (const [index, each] of running.entries()) t.is(assignments(each).length, 1, names[index]);
        t.is((await load.ended).code, 0, load.out);
        await allCommitted(job, kafkaFor(settingsFor(job.address)));
        t.like(await audit(job), perfect(RECORDS));
      } finally {
        await Promise.all(running.map((each) => each.stop('SIGKILL')));
        await broker.stop();
      }
    },
  );
}

/** By its own metrics. */
async function scoredBy({ out }: Program): Promise<number> {
  const [, url = ''] = /http at (http:\S+\d): /.exec(out) ?? [];
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/_records_scored_total\{[^}]*\} (\d+)/.exec(text)?.[1] ?? 0);
}

for (const [what, settings] of [
  ['offsets', []],
  // The line of a partition finds out first that another has it, and begins anew.
  ['transactions', ['kafka.transactional.id=twins']],
] as const)
  test.serial(
    `${what}: who finds its name taken by another process ends, and says so: they do not throw each other out for ever`,
    async (t) => {
      t.timeout(180_000);
      const broker = await testBroker();
      const running: Program[] = [];
      try {
        const job = await newJob(broker.address, settings, 4);
        // With its next heartbeat the first would learn it in any case.
        const first = await named(job, 'twin', RARE);
        running.push(first);
        const load = startLoad(job, 1_000, '--rate', String(RATE));
        await until('the first to score', async () => (await scoredBy(first)) >= RATE);
        const second = await named(job, 'twin', RARE);
        running.push(second);
        const { code, out } = await first.ended;
        t.is(code, 78, out);
        t.regex(out, /another process has joined the group .* as kafka\.group\.instance\.id \\"twin\\"/);
        t.is((await load.ended).code, 0, load.out);
        await allCommitted(job, kafkaFor(settingsFor(job.address)), second);
        t.is(second.child.exitCode, null, second.out);
        t.like(await audit(job), { missing: 0, ...(what === 'transactions' ? perfect(1_000) : {}) });
      } finally {
        await Promise.all(running.map((each) => each.stop('SIGKILL')));
        await broker.stop();
      }
    },
  );
