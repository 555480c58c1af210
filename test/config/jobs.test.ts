// `jobs:` in the configuration: several jobs of one process, each with a whole configuration, and
// what is wrong with one named with its place and its job.

import test from 'ava';
import { printEffective } from '../../src/config/effective.ts';
import { theJob } from '../../src/config/load.ts';
import { loadAll, MINIMAL, problemsOf } from '../support/config.ts';

const FRAUD = 'fraud: {input: {topic: tx}, output: {topic: scores}, model: {name: creditcard}}';
const PRICING =
  'pricing: {input: {topic: rides}, output: {topic: prices}, model: {name: pricing}, latency: {target: 50ms}}';
/** Both jobs, with these lines above them. */
const both = (top = ''): string => `deadLetters: {topic: dl}\n${top}jobs:\n  ${FRAUD}\n  ${PRICING}\n`;

test('what stands at the top holds for every job, and a job may have its own value', (t) => {
  const loaded = loadAll(both('latency: {target: 7ms}\nscoring: {workers: 2}\n'));
  t.true(loaded.isNamed);
  t.deepEqual(
    loaded.jobs.map(({ name, config }) => [
      name,
      config.model.name,
      config.latency.target,
      config.scoring.workers,
    ]),
    [
      ['fraud', 'creditcard', 7, 2],
      ['pricing', 'pricing', 50, 2],
    ],
  );
  const [fraud, pricing] = loaded.jobs;
  t.is(fraud?.config.kafka['group.id'], 'scorelane-creditcard-tx');
  t.is(pricing?.config.kafka['group.id'], 'scorelane-pricing-rides');
  t.true(pricing?.isGiven('latency.target'));
  t.deepEqual([pricing?.isOwn('latency.target'), fraud?.isOwn('latency.target')], [true, false]);
  t.regex(pricing?.placeOf('latency.target') ?? '', /c\.yaml:6:\d+$/);
});

test('a configuration without jobs is one job named default', (t) => {
  const { jobs, isNamed } = loadAll(MINIMAL);
  t.deepEqual([jobs.map(({ name }) => name), isNamed], [['default'], false]);
});

test("--set sets a job's key by its name, and one of the top loses against a job's own", (t) => {
  const { jobs, warnings } = loadAll(both(), ['jobs.fraud.model.version=2', 'latency.target=9ms'], {
    SCORELANE_MODEL_VERSION: '3',
  });
  t.deepEqual(
    jobs.map(({ config }) => [config.model.version, config.latency.target]),
    [
      ['2', 9],
      ['3', 50],
    ],
  );
  t.deepEqual(warnings, []);
});

test('a value for all jobs that no job uses is told', (t) => {
  const { warnings } = loadAll(both(), ['model.name=x']);
  t.deepEqual(warnings, [
    '--set: model.name has no effect, as each job has its own: jobs.fraud.model.name, jobs.pricing.model.name',
  ]);
});

test('jobs that keep windows keep their snapshots apart', (t) => {
  const { jobs, shared } = loadAll(both('snapshots: {directory: /states}\n'));
  t.deepEqual(
    jobs.map(({ config }) => config.snapshots.directory),
    ['/states/fraud', '/states/pricing'],
  );
  t.is(shared.snapshots.directory, '/states');
});

test('the effective configuration says once what is the same for all jobs', (t) => {
  const lines = printEffective(loadAll(both()));
  const of = (key: string) =>
    lines.filter((line) => line.includes(key)).map((line) => line.replace(/ {2}.*/, ''));
  t.deepEqual(of('latency.target'), ['jobs.fraud.latency.target = 20', 'jobs.pricing.latency.target = 50']);
  t.deepEqual(of('input.format'), ['input.format = "msgpack"']);
  t.deepEqual(of('scoring.workers'), ['scoring.workers = "auto"']);
});

for (const [what, yaml, flags, expected] of [
  [
    'an unknown key of a job',
    both().replace('name: creditcard', 'nmae: creditcard'),
    [],
    /c\.yaml:3:\d+: jobs\.fraud\.model\.nmae: expected a key that exists, .*; did you mean "jobs\.fraud\.model\.name"\?/,
  ],
  [
    'a key of the process in a job',
    both().replace('model: {name: creditcard}', 'scoring: {workers: 2}, model: {name: creditcard}'),
    [],
    /c\.yaml:3:\d+: jobs\.fraud\.scoring\.workers: expected a key of a job, .* belongs to all jobs; set scoring\.workers at the top$/,
  ],
  [
    'a wrong value in a job',
    both().replace('50ms', '50 parsecs'),
    [],
    /^\S+c\.yaml:4:\d+: jobs\.pricing\.latency\.target: expected a duration.*found "50 parsecs"$/,
  ],
  [
    'a wrong value for all jobs, once',
    both('log: kafak\n'),
    [],
    /^\S+c\.yaml:2:6: log: expected kafka, memory or none, .*"kafka"\?$/,
  ],
  [
    'a key that one job lacks',
    both().replace('topic: prices', ''),
    [],
    /^\S+c\.yaml:4:3: jobs\.pricing\.output\.topic: expected text, found nothing$/,
  ],
  [
    'a key that all jobs lack, once',
    both().replace('deadLetters: {topic: dl}\n', ''),
    [],
    /^\S+c\.yaml: deadLetters\.topic: expected text, found nothing$/,
  ],
  [
    'no jobs',
    `${MINIMAL}jobs:\n`,
    [],
    /^\S+c\.yaml:5:1: jobs: expected the name of each job.*found nothing$/,
  ],
  ['a list of jobs', `${MINIMAL}jobs: [a]\n`, [], /^\S+c\.yaml:5:7: jobs: .*found a list$/],
  [
    'a job that is a value',
    `${MINIMAL}jobs: {a: b}\n`,
    [],
    /^\S+c\.yaml:5:11: jobs\.a: expected keys of a job, .*found a value$/,
  ],
  [
    'a name with a dot',
    `${MINIMAL}jobs: {a.b: {}}\n`,
    [],
    /^\S+c\.yaml:5:8: jobs: expected a name of a job of 1 to 64 letters/,
  ],
  [
    'jobs misspelt',
    both().replace('jobs:', 'job:'),
    [],
    /job\.fraud\.input\.topic: .*; did you mean "jobs"\?/,
  ],
  [
    'a flag for a job that is not there',
    both(),
    ['jobs.frud.model.name=x'],
    /^--set: jobs\.frud\.model\.name: expected a key of a job of the file \(fraud, pricing\), found none; did you mean "fraud"\?$/,
  ],
  [
    'a flag for a job of a file without jobs',
    MINIMAL,
    ['jobs.a.model.name=x'],
    /^--set: jobs\.a\.model\.name: .*as the file has no jobs/,
  ],
  ['a flag with all jobs', both(), ['jobs={}'], /^--set: jobs: expected a key of a job/],
  [
    'one group for two jobs',
    both('kafka: {group.id: g}\n'),
    [],
    /^\S+c\.yaml:2:\d+: jobs\.pricing\.kafka\.group\.id: expected a group of its own, found "g", .*set jobs\.pricing\.kafka\.group\.id$/,
  ],
  [
    'one transactional id for two jobs',
    both('kafka: {transactional.id: t}\n'),
    [],
    /jobs\.pricing\.kafka\.transactional\.id: expected one of its own, found "t"/,
  ],
  [
    'jobs of one topic with the same dead letters',
    both().replace('topic: rides', 'topic: tx'),
    [],
    /jobs\.pricing\.deadLetters\.topic: expected another topic than those that job fraud writes, as both read "tx", found "dl"/,
  ],
  [
    'results of two formats in one topic',
    both().replace('topic: prices', 'topic: scores, format: json'),
    [],
    /jobs\.pricing\.output\.topic: expected a topic for results as json, found "scores", where job fraud writes msgpack/,
  ],
  [
    'jobs that feed each other',
    both().replace('topic: tx', 'topic: prices').replace('topic: rides', 'topic: scores'),
    [],
    /jobs\.fraud\.input\.topic: expected a topic .*, found "prices": fraud -> pricing -> fraud would score for ever$/,
  ],
  [
    'a job that reads what it writes',
    both().replace('topic: prices', 'topic: rides'),
    [],
    /^\S+c\.yaml:4:\d+: jobs\.pricing\.output\.topic: expected another topic than input\.topic/,
  ],
  [
    'a budget without room for each job',
    both('kafka: {max.partition.fetch.bytes: 200MiB}\n'),
    [],
    /lanes\.budget: expected at least kafka\.max\.partition\.fetch\.bytes for each of 2 jobs, 400MiB, found 256MiB/,
  ],
  [
    'two jobs that both send records to one topic',
    both('log: memory\ngenerate: {recordsPerSecond: 1}\n')
      .replace('topic: rides', 'topic: tx')
      .replace('latency:', 'deadLetters: {topic: d2}, latency:'),
    [],
    /jobs\.pricing\.generate\.recordsPerSecond: expected 0, as job fraud sends records to "tx" already, found 1/,
  ],
  [
    'generated records into a topic that another job writes',
    both('log: memory\ngenerate: {recordsPerSecond: 1}\n').replace('topic: rides', 'topic: scores'),
    [],
    /jobs\.pricing\.generate\.recordsPerSecond: expected 0, as job fraud writes "scores", which this job reads, found 1: set/,
  ],
] as const)
  test(`${what}: the error says where, what and what was expected`, (t) => {
    t.regex(problemsOf(yaml, flags), expected);
  });

test('two jobs may read one topic, and one may read what the other writes', (t) => {
  const other = 'latency: {target: 50ms}, deadLetters: {topic: d2}';
  t.is(problemsOf(both().replace('topic: rides', 'topic: tx').replace('latency: {target: 50ms}', other)), '');
  t.is(problemsOf(both().replace('topic: rides', 'topic: scores')), '');
});

test('the job is named where there are several, and need not be where there is one', (t) => {
  const several = loadAll(both());
  t.is(theJob(several, 'pricing').config.model.name, 'pricing');
  const wrong = (message: RegExp) => ({ code: 'SCORELANE_USAGE', message });
  t.throws(() => theJob(several), wrong(/^--job: expected one of fraud, pricing, found nothing$/));
  t.throws(() => theJob(several, 'frud'), wrong(/found "frud"; did you mean "fraud"\?$/));
  t.throws(
    () => theJob(loadAll(MINIMAL), 'fraud'),
    wrong(/^--job: expected none, as \S+ has no jobs, found "fraud"$/),
  );
  t.is(theJob(loadAll(`deadLetters: {topic: dl}\njobs: {${FRAUD}}\n`)).name, 'fraud');
});
