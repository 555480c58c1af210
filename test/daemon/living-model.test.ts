// Versions that come and go while a daemon scores, with real threads on the embedded log: no record
// is lost or scored twice, and what is broken never serves.

import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { planOf, readManifest } from '../../src/model/manifest.ts';
import { readLabels, writeLabels } from '../../src/versions/labels.ts';
import { pinned, promoted, rolledBack } from '../../src/versions/move-labels.ts';
import { until } from '../support/until.ts';
import { serving, type VersionedResult, VersionsRepository } from '../support/versions.ts';
import { history } from '../support/windows-model.ts';

const PARTITIONS = 3;
/** What may wait for its score: the embedded log deletes what is old. */
const IN_FLIGHT = 100;
type Served = Awaited<ReturnType<typeof serving>>;

/** Sends records to all partitions until told to end; resolves to how many each got. */
function flood({ send, daemon }: Served) {
  let over = false;
  const work = async (): Promise<number> => {
    let id = 0;
    for (; !over; id += 20) {
      const records = Array.from({ length: 20 }, (_, index) => ({ id: id + index, amount: id + index }));
      await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => send(partition, records)));
      const sent = PARTITIONS * (id + 20);
      await until('some answers', () => daemon.meter.answered > sent - IN_FLIGHT);
    }
    return id;
  };
  const sent = work();
  return async (): Promise<number> => {
    over = true;
    return sent;
  };
}

/** The versions of a partition's results, each once for a run of them. */
const runsOf = (results: readonly VersionedResult[], partition: number): string[] =>
  results
    .filter((result) => result.partition === partition)
    .map(({ version }) => version)
    .filter((version, index, all) => version !== all[index - 1]);

const scoresOf = (served: Served, version: string): Promise<true> =>
  until(`scores of version ${version} in all partitions`, () => {
    const results = served.results();
    return Array.from({ length: PARTITIONS }).every((_, partition) =>
      results.some((result) => result.partition === partition && result.version === version),
    );
  });

test.serial(
  'a version that is added takes over while records flow: each lane changes once, and every record has one score',
  async (t) => {
    const repository = new VersionsRepository();
    repository.add('1');
    const served = await serving(repository, PARTITIONS);
    const { daemon } = served;
    t.teardown(() => daemon.stop());
    const end = flood(served);
    await scoresOf(served, '1');
    repository.add('2');
    await daemon.living.look();
    await scoresOf(served, '2');
    t.is(daemon.about.model, 'cards 2');
    t.is(daemon.served.shape.version, '2', 'requests are answered by it too');
    rmSync(join(repository.folder, 'cards', '2'), { recursive: true });
    await daemon.living.look();
    t.deepEqual(
      daemon.living.versions.map(({ version, state }) => [version, state]),
      [
        ['1', 'serving'],
        ['2', 'loaded'],
      ],
      'the way back loads nothing',
    );
    const sent = await end();
    await until('all answers', () => daemon.meter.answered === PARTITIONS * sent && daemon.lag === 0);
    const results = served.results();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const ids = results.filter((result) => result.partition === partition).map(({ id }) => id);
      t.deepEqual(
        ids,
        Array.from({ length: sent }, (_, id) => id),
      );
      const versions = runsOf(results, partition);
      t.deepEqual(versions.slice(0, 2), ['1', '2']);
      t.true(versions.length <= 3, 'once there and once back');
    }
    t.like(daemon.meter.daemon, { versionsSwitched: 2, versionsRefused: 0, threadsLost: 0 });
    t.deepEqual(served.fatal, []);
  },
);

test.serial(
  'labels say which version serves: promoted, rolled back and pinned; an older one is unloaded when nothing needs it',
  async (t) => {
    const repository = new VersionsRepository();
    for (const version of ['1', '2', '3']) repository.add(version);
    const { folder } = repository;
    const versions = ['1', '2', '3'];
    const now = new Date();
    const label = (
      move: (labels: ReturnType<typeof readLabels>) => { labels: ReturnType<typeof readLabels> },
    ) => writeLabels(folder, 'cards', move(readLabels(folder, 'cards')).labels);
    label((labels) => promoted(labels, versions, { version: '1', label: 'stable', now }));
    const served = await serving(repository, PARTITIONS, 'model.version=stable');
    const { living } = served.daemon;
    t.teardown(() => served.daemon.stop());
    t.is(living.serving, '1');
    const after = async (move: Parameters<typeof label>[0]): Promise<string> => {
      label(move);
      await living.look();
      return living.serving;
    };
    t.is(await after((labels) => promoted(labels, versions, { version: '2', label: 'stable', now })), '2');
    t.is(await after((labels) => promoted(labels, versions, { label: 'stable', now })), '3');
    t.deepEqual(
      living.versions.map(({ version }) => version),
      ['2', '3'],
      'the one before stays for the way back, the one before that does not',
    );
    t.is(await after((labels) => rolledBack(labels, versions, { label: 'stable', now })), '2');
    t.is(await after((labels) => rolledBack(labels, versions, { label: 'stable', now })), '1');
    t.is(await after((labels) => pinned(labels, versions, { version: '3', now })), '3');
    t.is(await after((labels) => promoted(labels, versions, { version: '2', label: 'stable', now })), '3');
    t.is(await after((labels) => pinned(labels, versions, { version: null, now })), '2');
  },
);

test.serial('requests that are under way when a version is unloaded are answered by it', async (t) => {
  const repository = new VersionsRepository();
  repository.add('1');
  const served = await serving(repository, 1);
  const { daemon } = served;
  t.teardown(() => daemon.stop());
  const ask = () =>
    daemon.served.requests.predict({ cells: new Float32Array([1]), rows: 1, texts: [] }, () => false);
  const before = await ask();
  const asked = ask();
  for (const version of ['2', '3']) {
    repository.add(version);
    await daemon.living.look();
  }
  t.deepEqual(await asked, before);
  t.deepEqual(await ask(), before, 'and the next one by the version that serves');
  t.is(daemon.served.shape.version, '3');
});

const PLAN =
  '\n  - { path: amount, log1p: true }\n  - { window: { function: sum, by: customer, of: amount, size: 1d } }';
const WINDOWS = '{ time: at, partitioning: trusted }';

for (const [name, inputs] of [
  ['the same plan goes on with the windows of lanes', PLAN],
  [
    'another plan builds up windows of its own',
    `${PLAN}\n  - { window: { function: count, by: customer, size: 7d } }`,
  ],
] as const)
  test.serial(
    `a version with ${name}: features are as if it had read the log from its beginning`,
    async (t) => {
      const repository = new VersionsRepository();
      repository.add('1', { inputs: PLAN, windows: WINDOWS });
      const records = history(4, 20).map((record, id) => ({ ...record, id }));
      const half = records.length >> 1;
      const served = await serving(repository, 1, 'output.features=true');
      const { daemon } = served;
      t.teardown(() => daemon.stop());
      await served.send(0, records.slice(0, half));
      await until('the first half', () => daemon.meter.answered === half && daemon.lag === 0);
      repository.add('2', { inputs, windows: WINDOWS });
      await daemon.living.look();
      await served.send(0, records.slice(half));
      await until('all answers', () => served.results().length === records.length && daemon.lag === 0);
      const results = served.results();
      t.deepEqual(
        results.map(({ id, version }) => [id, version]),
        records.map(({ id }) => [id, id < half ? '1' : '2']),
      );
      for (const [version, folder] of [
        ['1', PLAN],
        ['2', inputs],
      ] as const) {
        t.truthy(folder);
        const plan = planOf(readManifest(join(repository.folder, 'cards', version)));
        const row = new Float32Array(plan.width);
        for (const record of records) {
          t.is(plan.fill(record, row, 0, record.at, null), null);
          const { features, version: by } = results[record.id] as VersionedResult;
          if (by === version) t.deepEqual(features, [...row], `record ${record.id}`);
        }
      }
      t.deepEqual(served.fatal, []);
    },
  );

const edit = (folder: string, file: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));

const BROKEN: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  ['truncated weights', (folder) => truncateSync(join(folder, 'weights.bin'), 8), /weights\.bin/],
  ['no weights', (folder) => rmSync(join(folder, 'weights.bin')), /weights\.bin/],
  [
    'another input size',
    (folder) => edit(folder, 'model.yaml', (text) => text.replace('inputs:', 'inputs:\n  - { path: id }')),
    /expected|columns|2/,
  ],
  [
    'other golden records',
    (folder) => edit(folder, 'golden.json', (text) => text.replace(/"score":\[[^\]]+\]/, '"score":[17]')),
    /golden record 0.*17/,
  ],
  [
    'weights that are no numbers',
    (folder) => {
      const file = join(folder, 'weights.bin');
      const weights = new Float32Array(new Uint8Array(readFileSync(file)).buffer).fill(Number.NaN);
      writeFileSync(file, Buffer.from(weights.buffer));
    },
    /golden record 0.*NaN/,
  ],
  [
    'weights outside of its folder',
    (folder) => edit(folder, 'model.json', (text) => text.replaceAll('weights.bin', '../../x')),
    /\.\.\/\.\.\/x/,
  ],
  [
    'weights of 100 GB',
    (folder) =>
      edit(folder, 'model.json', (text) => text.replaceAll(/"shape":\[\d+/g, '"shape":[25000000000')),
    /weights/,
  ],
  [
    'another name',
    (folder) => edit(folder, 'model.yaml', (text) => text.replace('name: cards', 'name: other')),
    /other/,
  ],
  [
    'a manifest that is no YAML',
    (folder) => edit(folder, 'model.yaml', (text) => `${text}\n\t{`),
    /model\.yaml/,
  ],
  [
    'windows, where the others have none',
    (folder) => cpSync(join(windowed(), 'model.yaml'), join(folder, 'model.yaml')),
    /restart/,
  ],
];

function windowed(): string {
  const repository = new VersionsRepository();
  repository.add('2', { inputs: PLAN, windows: WINDOWS });
  return join(repository.folder, 'cards', '2');
}

test.serial('a broken version of each kind is refused in its own words, and serving goes on', async (t) => {
  const repository = new VersionsRepository();
  repository.add('1');
  const served = await serving(repository, 1);
  const { daemon, said } = served;
  t.teardown(() => daemon.stop());
  for (const [index, [name, spoil, words]] of BROKEN.entries()) {
    repository.add('2', { spoil });
    await daemon.living.look();
    const found = daemon.living.versions.find(({ version }) => version === '2');
    t.is(found?.state, 'refused', name);
    t.regex(found?.why ?? '', words, name);
    t.true(
      said.some((line) => line.includes(found?.why ?? '?')),
      `${name}: it is in the log`,
    );
    t.is(daemon.living.serving, '1');
    t.is(daemon.meter.daemon.versionsRefused, index + 1);
    await served.send(0, [{ id: index, amount: 1 } as { id: number }]);
    await until('its score', () => served.results().length === index + 1);
    await daemon.living.look();
    t.is(daemon.meter.daemon.versionsRefused, index + 1, 'it is tried once');
    rmSync(join(repository.folder, 'cards', '2'), { recursive: true });
  }
  repository.add('2');
  await daemon.living.look();
  t.is(daemon.living.serving, '2', 'a sound version in its place is tried again');
  t.is(daemon.meter.daemon.threadsLost, 0);
});

test.serial(
  'half of a folder is no version, and a label of a version that is not there moves nothing',
  async (t) => {
    const repository = new VersionsRepository();
    repository.add('1');
    const served = await serving(repository, 1);
    t.teardown(() => served.daemon.stop());
    mkdirSync(join(repository.folder, 'cards', '.2'));
    writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { pinned: 7 }\n');
    await served.daemon.living.look();
    await served.daemon.living.look();
    t.is(served.daemon.living.serving, '1');
    t.is(served.said.filter((line) => line.includes('version 7 is pinned, and is not there')).length, 1);
  },
);
