// The recorded first day, typed again: the package in an empty folder, the embedded log, a real
// broker. And every command that the documents name is tried: here as it stands or shorter, or by
// another test, which is named.

import { spawn } from 'node:child_process';
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';
import { createTopics } from '../../tools/topics.ts';
import { withBroker } from '../support/kafka.ts';
import { commandsIn, isRecorded, sessionIn } from '../support/transcript.ts';

const test = anyTest as TestFn;
const broker = withBroker(test, {}, ({ address }) =>
  createTopics(address, { transactions: 4, scores: 4, 'dead-letters': 4, readings: 4, anomalies: 4 }).then(
    () => {},
  ),
);

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** As a shell would run it, without what npm tells the programs that it starts. */
function typed(
  command: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly out: string; readonly errors: string }> {
  const clean = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|SCORELANE_)/.test(name));
  const child = spawn('bash', ['-c', command], {
    cwd: folder,
    env: { ...Object.fromEntries(clean), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, errors }));
  });
}

test.serial(
  'the recorded first day comes out as it is recorded, from the package in an empty folder',
  async (t) => {
    t.timeout(600_000);
    const folder = tempFolder('day');
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const packed = await typed(`npm pack --pack-destination ${folder}`, ROOT, {});
    t.is(packed.code, 0, packed.errors);
    const install = `npm install --prefer-offline --no-audit --no-fund ${folder}/scorelane-*.tgz`;
    const installed = await typed(install, empty, {});
    t.is(installed.code, 0, installed.errors);
    t.true(globSync('node_modules/scorelane/docs/*.md', { cwd: empty }).length > 3, 'with its documents');
    t.true(globSync('node_modules/scorelane/dist/index.d.ts', { cwd: empty }).length === 1, 'with its types');

    const environment: Record<string, string> = { SCORELANE_KAFKA_BOOTSTRAP_SERVERS: broker().address };
    const session = sessionIn(read('docs/first-day.md'));
    t.true(session.length > 10);
    for (const { command, answer } of session) {
      const [, name, value] = /^export (\w+)=(\S+)$/.exec(command) ?? [];
      if (name !== undefined && value !== undefined) {
        environment[name] = value;
        continue;
      }
      const { code, out, errors } = await typed(command, empty, environment);
      const came = code === 0 ? out : `${errors}[exit code ${code}]\n`;
      t.true(isRecorded(answer, came), `$ ${command}\n${came}\n${errors}\nexpected:\n${answer.join('\n')}`);
    }
  },
);

/** What is typed here instead; or the test that tries it, and the words by which it does so. */
type Trial = { readonly as: string } | { readonly by: string; readonly says: string };

const KAFKA = 'npm run scorelane --';
const TRIED: Readonly<Record<string, Trial>> = {
  'npm ci && npm start': { by: 'test/commands.test.ts', says: 'the demo scores generated transactions' },
  'npm ci && npm test': { by: '.github/workflows/ci.yml', says: '.ci/run' },
  'scorelane models inspect model.keras': { by: 'test/commands/models.test.ts', says: "'inspect'" },
  'scorelane models import model.keras --name shop --samples payments.csv': {
    by: 'test/importing/import.test.ts',
    says: "'models', 'import'",
  },
  "echo 'model: { name: shop }' > shop.yaml": { by: 'test/importing/import.test.ts', says: 'shop.yaml' },
  'scorelane score --config shop.yaml --in payments.csv --out results.jsonl': {
    by: 'test/importing/import.test.ts',
    says: "'score', '--config'",
  },
  'scorelane models verify shop': { by: 'test/commands/models.test.ts', says: "'verify'" },
  'scorelane models distribution shop --samples payments.csv': {
    by: 'test/commands/distribution.test.ts',
    says: "'distribution', 'shop', '--samples'",
  },
  'scorelane tune --config scorelane.yaml --target-ms 20 --out tuned.yaml': {
    by: 'test/system/tune.test.ts',
    says: "'tune', '--config'",
  },
  'npx scorelane models fetch https://models.example.com/creditcard-2.tar.gz --sha256 HEX --name creditcard --version 2':
    { by: 'test/fetching/models-fetch.test.ts', says: "'models', 'fetch'" },
  'npx scorelane models promote creditcard': { by: 'test/commands/labels.test.ts', says: "'promote'" },
  'npx scorelane models promote creditcard --version 2 --label shadow': {
    by: 'test/commands/labels.test.ts',
    says: "'--label', 'shadow'",
  },
  'npx scorelane models promote creditcard --version 2 --label canary': {
    by: 'test/commands/labels.test.ts',
    says: "'--label', 'canary'",
  },
  'npx scorelane models report --config scorelane.yaml --labels chargeback --labels-topic chargebacks': {
    by: 'test/system/live-quality.test.ts',
    says: "'models', 'report', '--config'",
  },
  'npx scorelane models rollback creditcard': { by: 'test/commands/labels.test.ts', says: "'rollback'" },
  'npx scorelane models pin creditcard --version 1': {
    by: 'test/commands/labels.test.ts',
    says: "'pin', '--version', '1'",
  },
  'npx scorelane models pin creditcard --off': {
    by: 'test/commands/labels.test.ts',
    says: "'pin', '--off'",
  },
  'scorelane replay --config fraud.yaml --model transactions@2 --against 1 --from 2026-10-01 --to latest --labels fraud --html report.html':
    { by: 'test/system/rescoring.test.ts', says: "'--against'" },
  'scorelane replay --config fraud.yaml --resume replay-transactions@2-20261101T080000Z.json --html report.html':
    { by: 'test/system/rescoring.test.ts', says: "'--resume'" },
  'npm run broker': { as: 'npm run broker -- --help' },
  [`${KAFKA} produce --config config/kafka.yaml --rate 5000`]: {
    as: `${KAFKA} produce --config config/kafka.yaml --rate 5000 --count 100`,
  },
  [`${KAFKA} run --config config/kafka.yaml`]: {
    as: `${KAFKA} run --config config/kafka.yaml --for 1s`,
  },
  [`${KAFKA} tail --config config/kafka.yaml --follow`]: {
    as: `timeout -s INT 20 ${KAFKA} tail --config config/kafka.yaml --follow | head -n 1`,
  },
  [`${KAFKA} audit --config config/kafka.yaml`]: { as: `${KAFKA} audit --config config/kafka.yaml` },
  'npm run scorelane -- demo anomaly': { by: 'test/system/use-cases.test.ts', says: "'demo', useCase" },
  [`${KAFKA} produce --config config/anomaly.yaml --set log=kafka --generate sensors --rate 2000`]: {
    as: `${KAFKA} produce --config config/anomaly.yaml --set log=kafka --generate sensors --rate 2000 --count 500`,
  },
  [`${KAFKA} run --config config/anomaly.yaml --set log=kafka`]: {
    as: `${KAFKA} run --config config/anomaly.yaml --set log=kafka --for 1s`,
  },
  'npm run sim -- --seeds 20000': { as: 'npm run sim -- --seeds 2' },
  'npm run sim -- --seeds 500': { by: 'test/sim/simulation.test.ts', says: "'--seeds'" },
  'npm run sim -- --seed 17': { as: 'npm run sim -- --seed 17' },
  'npm run sim -- --bugs': { by: 'test/sim/simulation.test.ts', says: 'deliberate bugs is caught' },
  'npm run sim -- --replay dump.json': { by: 'test/sim/replay.test.ts', says: '--replay' },
  'npm run sim -- --replay FILE': { by: 'test/sim/replay.test.ts', says: '--replay' },
  'npm run torture -- --minutes 20': { by: 'test/torture/torture.test.ts', says: "'--rounds', '1'" },
  'npm run fuzz -- --cases 10000000': { as: 'npm run fuzz -- --cases 200' },
  'npm run mutate -- log': { by: 'test/tools/mutate.test.ts', says: 'mutate(' },
  'npm run mutate -- src/log/balance.ts --all': { by: 'test/tools/mutate.test.ts', says: 'mutate(' },
  'npm run mutate -- worker/write --seed 7 --mutants 25 --concurrency 2': {
    by: 'test/tools/mutate.test.ts',
    says: 'mutate(',
  },
  'ava test/engine': { by: 'package.json', says: '"test": "ava"' },
  'ava test/worker/pipeline.test.ts': { by: 'package.json', says: '"test": "ava"' },
  "ava test/worker/pipeline.test.ts --match '*tombstone*'": { by: 'package.json', says: '"test": "ava"' },
  'npm run bench -- list': { as: 'npm run bench -- list' },
  'npm run bench -- peers': { by: 'test/system/bench.test.ts', says: "'peers'" },
  'npm run bench -- latency --brokers host:9092 --rates 20000': {
    by: 'test/system/bench.test.ts',
    says: "'--brokers'",
  },
  'npm run bench -- throughput --log memory --count 3000000 --format msgpack --model mlp-30-64-32-1': {
    by: 'test/bench/scenarios.test.ts',
    says: 'throughput:',
  },
  'npm run bench -- http': { by: 'test/system/bench.test.ts', says: "'http'" },
  'npm run bench -- jobs --log memory': { by: 'test/bench/scenarios.test.ts', says: 'jobs: {' },
  'npm run bench -- throughput --set microBatch.records=8192 --out after': {
    by: 'test/system/bench.test.ts',
    says: "'--out'",
  },
  'npm run bench -- compare bench-results/throughput.json after/throughput.json': {
    by: 'test/system/bench.test.ts',
    says: "'compare'",
  },
  'npm run outage -- --seconds 60': { as: 'npm run outage -- --seconds 12' },
  'kill -USR2 <pid>': { by: 'test/system/dump.test.ts', says: 'SIGUSR2' },
};

/** Those of the tour are run by its own test, all of them and in order. */
const ELSEWHERE = 'docs/tour.md';
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: ROOT })].filter(
  (file) => file !== ELSEWHERE,
);
const named = [...new Set(DOCUMENTS.flatMap((file) => commandsIn(read(file))))];

test('every command of the documents is tried, and nothing else stands in the table', (t) => {
  t.deepEqual(
    named.filter((command) => !command.startsWith('jq ')).toSorted(),
    Object.keys(TRIED).toSorted(),
  );
  for (const [command, trial] of Object.entries(TRIED)) {
    if ('by' in trial) t.true(read(trial.by).includes(trial.says), `${command}: ${trial.by}`);
  }
});

test.serial('commands of the documents end in order, where they can be tried in seconds', async (t) => {
  t.timeout(600_000);
  const environment = { SCORELANE_KAFKA_BOOTSTRAP_SERVERS: broker().address };
  for (const trial of Object.values(TRIED)) {
    if ('by' in trial) continue;
    const { code, out, errors } = await typed(trial.as, ROOT, environment);
    t.is(code, 0, `${trial.as}\n${out}\n${errors}`);
  }
});
