// docker-compose.yml without a container engine: the broker with the settings of its service, and
// the commands of the others one by one, as the engine would run them. Names of services and fixed
// ports become addresses of this machine. Grafana cannot be had here: its files are compared with
// what they name.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { freePort } from '../../tools/broker.ts';
import { ensureKafkaTools } from '../../tools/kafka-tools.ts';
import { ensurePrometheus } from '../../tools/prometheus.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program, ROOT } from '../support/daemon.ts';
import { testBroker } from '../support/kafka.ts';
import { until } from '../support/until.ts';

interface Service {
  readonly environment: Readonly<Record<string, string | number>>;
  readonly command: readonly string[];
  readonly entrypoint: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const { services } = parse(read('docker-compose.yml')) as {
  readonly services: Readonly<
    Record<'broker' | 'topics' | 'daemon' | 'load' | 'prometheus' | 'grafana', Service>
  >;
};
/** The command that an image of ours runs unless a service says another. */
const [, defaultCommand = '[]'] = /^CMD (.*)$/m.exec(read('Dockerfile')) ?? [];

test('the commands of the services, one by one: a broker with two names, topics, a healthy daemon that scores the load, and Prometheus that sees it', async (t) => {
  t.timeout(300_000);
  const [inside, outside, controller, http] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const tools = await ensureKafkaTools();
  const here = (text: string): string =>
    text
      .replaceAll('://:', '://127.0.0.1:')
      .replaceAll('/opt/kafka/bin', tools)
      .replaceAll('$$', '$')
      .replace(/\b(?:broker|daemon|0\.0\.0\.0):/g, '127.0.0.1:')
      .replaceAll(':19092', `:${inside}`)
      .replaceAll(':9092', `:${outside}`)
      .replaceAll(':9093', `:${controller}`)
      .replaceAll(':8080', `:${http}`);
  const environmentOf = ({ environment }: Service): Record<string, string> =>
    Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, here(String(value))]));

  const { KAFKA_LOG_DIRS: _, ...kafka } = environmentOf(services.broker);
  const properties = Object.fromEntries(
    Object.entries(kafka).map(([key, value]) => [
      key.replace('KAFKA_', '').toLowerCase().replaceAll('_', '.'),
      value,
    ]),
  );
  const broker = await testBroker({ port: inside, controllerPort: controller, properties });
  const ended: (() => unknown)[] = [() => broker.stop()];
  try {
    const [, ...check] = services.broker.healthcheck.test;
    const [asks = '', ...asked] = check.map(here);
    t.is(spawnSync(asks, asked).status, 0, 'the health check of the broker');
    const [shell = '', ...flags] = services.topics.entrypoint;
    const made = spawnSync(shell, [...flags, ...services.topics.command.map(here)], { encoding: 'utf8' });
    t.is(made.status, 0, made.stdout + made.stderr);

    const states = tempFolder('compose');
    const environment = { ...environmentOf(services.daemon), SCORELANE_SNAPSHOTS_DIRECTORY: states };
    const daemon = new Program(JSON.parse(defaultCommand) as string[], environment);
    ended.push(() => daemon.stop('SIGKILL'));
    const [, ...ready] = services.daemon.healthcheck.test;
    const [checks = '', ...words] = ready.map(here);
    t.not(spawnSync(checks, words).status, 0, 'it looks');
    await until(`the daemon to be healthy:\n${daemon.out}`, () => spawnSync(checks, words).status === 0);

    const load = new Program(services.load.command, environmentOf(services.load));
    ended.push(() => load.stop('SIGKILL'));
    // As the README has it, from outside of the containers.
    const seen = new Program([
      ...['tail', '--config', 'config/kafka.yaml', '--follow'],
      ...['--set', `kafka.bootstrap.servers=localhost:${outside}`],
    ]);
    ended.push(() => seen.stop('SIGKILL'));
    await seen.says(/"score":/);

    const folder = tempFolder('compose-prometheus');
    const programs = await ensurePrometheus();
    const checked = spawnSync(
      join(programs, 'promtool'),
      ['check', 'config', 'docs/prometheus/prometheus.yaml'],
      { cwd: ROOT, encoding: 'utf8' },
    );
    t.is(checked.status, 0, checked.stdout + checked.stderr);
    writeFileSync(join(folder, 'prometheus.yaml'), here(read('docs', 'prometheus', 'prometheus.yaml')));
    writeFileSync(join(folder, 'alerts.yaml'), read('docs', 'prometheus', 'alerts.yaml'));
    const address = `127.0.0.1:${await freePort()}`;
    const arguments_ = services.prometheus.command.map((each) =>
      each.replace('/etc/prometheus', folder).replace('=/prometheus', `=${folder}/data`),
    );
    const prometheus = spawn(
      join(programs, 'prometheus'),
      [...arguments_, `--web.listen-address=${address}`],
      { stdio: 'ignore' },
    );
    ended.push(() => prometheus.kill('SIGKILL'));
    await until('Prometheus to see that records are scored', async () => {
      const query = 'sum(scorelane_records_scored_total) > 100';
      const answer = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(query)}`).catch(
        () => null,
      );
      return (await answer?.text())?.includes('"value":[');
    });
    t.is((await daemon.stop()).code, 0);
  } finally {
    for (const end of ended.toReversed()) await end();
  }
});

test('Grafana finds its dashboard and its Prometheus where the files are mounted', (t) => {
  const { volumes, environment } = services.grafana;
  const mounts = new Map(volumes.map((each) => each.split(':').toReversed().slice(1) as [string, string]));
  t.is(mounts.get('/etc/grafana/provisioning'), './docs/grafana/provisioning');
  const dashboard = String(environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH);
  t.is(mounts.get(dashboard), './docs/grafana/scorelane.json');
  const sources = parse(read('docs', 'grafana', 'provisioning', 'datasources', 'prometheus.yaml')) as {
    readonly datasources: readonly { readonly type: string; readonly url: string }[];
  };
  t.like(sources.datasources[0], { type: 'prometheus', url: 'http://prometheus:9090' });
  t.true('prometheus' in services);
  const folders = parse(read('docs', 'grafana', 'provisioning', 'dashboards', 'scorelane.yaml')) as {
    readonly providers: readonly { readonly options: { readonly path: string } }[];
  };
  t.true(dashboard.startsWith(`${folders.providers[0]?.options.path}/`));
  const { templating } = JSON.parse(read('docs', 'grafana', 'scorelane.json')) as {
    readonly templating: { readonly list: readonly { readonly type: string; readonly query: string }[] };
  };
  t.like(templating.list[0], { type: 'datasource', query: 'prometheus' });
});

test('what the compose file opens is for this machine alone', (t) => {
  for (const [name, { ports = [] }] of Object.entries(services))
    for (const port of ports) t.regex(port, /^127\.0\.0\.1:/, name);
});
