// A real Prometheus over a running process: it scrapes it, and its promtool finds nothing wrong
// with metrics, rules and dashboard.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { freePort } from '../../tools/broker.ts';
import { METRIC_TABLES } from '../../tools/guide.ts';
import { ensurePrometheus } from '../../tools/prometheus.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program, ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const FOLDER = join(ROOT, 'docs', 'prometheus');
const read = (...path: string[]): string => readFileSync(join(ROOT, 'docs', ...path), 'utf8');

let tools = '';
test.before(async () => {
  tools = await ensurePrometheus();
});

const promtool = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(join(tools, 'promtool'), args, { input, encoding: 'utf8' });
  return { status, said: stdout + stderr };
};

test('promtool finds the rules in order, and each alert fires for what it is made for', (t) => {
  for (const args of [
    ['check', 'rules', join(FOLDER, 'alerts.yaml')],
    ['test', 'rules', join(FOLDER, 'alerts.test.yaml')],
  ]) {
    const { status, said } = promtool(args);
    t.is(status, 0, said);
  }
});

test('each alert has its test and its entry in the operating guide', (t) => {
  const names = [...read('prometheus', 'alerts.yaml').matchAll(/alert: (\w+)/g)].map(
    ([, name]) => name as string,
  );
  t.true(names.length > 5);
  for (const name of names) {
    t.true(read('operating.md').includes(`### ${name}\n`), name);
    t.true(read('prometheus', 'alerts.test.yaml').includes(`alertname: ${name}\n`), name);
  }
});

test('alerts and dashboard ask only for metrics that there are', (t) => {
  const known = METRIC_TABLES.metrics ?? '';
  for (const text of [read('prometheus', 'alerts.yaml'), read('grafana', 'scorelane.json')])
    for (const [name] of text.matchAll(/\b(?:scorelane|process|nodejs)_\w+/g))
      t.true(known.includes(`\`${name.replace(/_bucket$/, '')}\``), name);
});

test('a running process is scraped by Prometheus, and promtool finds its metrics in order', async (t) => {
  const settings = [
    'model.backend=wasm',
    'scoring.workers=1',
    'http.listen=127.0.0.1:0',
    'telemetry.logFormat=json',
  ];
  const words = settings.flatMap((each) => ['--set', each]);
  const program = new Program(['run', '--config', 'config/demo.yaml', ...words]);
  await program.says(/http at http:\S+\d: /);
  const [, url = ''] = /http at (http:\S+\d): /.exec(program.out) ?? [];
  await until('scored records', async () =>
    /_scored_total\{job="default"\} [1-9]/.test(await (await fetch(`${url}/metrics`)).text()),
  );
  const checked = promtool(['check', 'metrics'], await (await fetch(`${url}/metrics`)).text());
  t.is(checked.status, 0, checked.said);
  const folder = tempFolder('prometheus');
  const config = join(folder, 'prometheus.yml');
  const scrape = {
    job_name: 'scorelane',
    honor_labels: true,
    static_configs: [{ targets: [new URL(url).host] }],
  };
  writeFileSync(config, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: [scrape] }));
  const address = `127.0.0.1:${await freePort()}`;
  const prometheus = spawn(
    join(tools, 'prometheus'),
    [`--config.file=${config}`, `--storage.tsdb.path=${folder}`, `--web.listen-address=${address}`],
    { stdio: 'ignore' },
  );
  try {
    const query = `http://${address}/api/v1/query?query=${encodeURIComponent('scorelane_records_scored_total{job="default"}')}`;
    await until('Prometheus to have scraped', async () => {
      const answer = await fetch(query).catch(() => null);
      return answer !== null && (await answer.text()).includes('"value":[');
    });
    t.pass();
  } finally {
    prometheus.kill('SIGKILL');
  }
  t.is((await program.stop()).code, 0);
});
