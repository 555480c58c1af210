// A daemon that fetches the versions of its model from a server, as an index there says, while it
// scores.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { modelSource } from '../../src/daemon/model-source.ts';
import { moveLabels } from '../../src/daemon/moved-labels.ts';
import { Meter } from '../../src/telemetry/meter.ts';
import { readLabels } from '../../src/versions/labels.ts';
import { promoted, rolledBack } from '../../src/versions/move-labels.ts';
import { ArchiveServer, entriesOf, packed, sha256Of } from '../support/archives.ts';
import { load } from '../support/config.ts';
import { until } from '../support/until.ts';
import { serving, VersionsRepository } from '../support/versions.ts';

/** The server that a pipeline publishes to: archives, and an index that knows its ETag. */
class Published {
  readonly server = new ArchiveServer();
  readonly made = new VersionsRepository();
  /** How often the index was sent, and how often it had not changed. */
  readonly sent = { whole: 0, unchanged: 0 };
  #index = '';
  readonly #versions: Record<string, { url: string; sha256: string }> = {};

  async start(t: ExecutionContext): Promise<this> {
    await this.server.start(t);
    this.server.answers.set('/cards/index.yaml', (request, response) => {
      const etag = `"${sha256Of(Buffer.from(this.#index))}"`;
      if (request.headers['if-none-match'] === etag) {
        this.sent.unchanged++;
        response.writeHead(304).end();
      } else {
        this.sent.whole++;
        response.writeHead(200, { etag }).end(this.#index);
      }
    });
    return this;
  }

  /** `spoilt`: the checksum is another one. */
  version(version: string, isSpoilt = false): this {
    this.made.add(version);
    const body = packed(entriesOf(join(this.made.folder, 'cards', version)));
    this.server.give(`/cards/cards-${version}.tar.gz`, body);
    const sha256 = isSpoilt ? '0'.repeat(64) : sha256Of(body);
    this.#versions[version] = { url: `cards-${version}.tar.gz`, sha256 };
    return this;
  }

  mended(version: string): void {
    const body = packed(entriesOf(join(this.made.folder, 'cards', version)));
    this.#versions[version] = { url: `cards-${version}.tar.gz`, sha256: sha256Of(body) };
  }

  says(labels: Readonly<Record<string, string>> = {}): void {
    this.#index = JSON.stringify({ versions: this.#versions, labels });
  }

  get settings(): string[] {
    return [`model.source=${this.server.url('/cards/index.yaml').href}`, 'model.sourceEvery=1s'];
  }
}

const published = (t: ExecutionContext): Promise<Published> => new Published().start(t);

const RECORDS = Array.from({ length: 10 }, (_, id) => ({ id, amount: 10 * id }));

test.serial(
  'a daemon that starts without any version fetches one first, and takes up the next one while it scores',
  async (t) => {
    const pipeline = await published(t);
    pipeline.version('1').says();
    const served = await serving(
      new VersionsRepository(),
      1,
      ...pipeline.settings,
      'model.sourceToken=canary',
    );
    t.teardown(() => served.daemon.stop());
    await served.send(0, RECORDS);
    await until('scores of version 1', () => served.results().length === RECORDS.length);
    pipeline.version('2').says();
    await until('version 2 to serve', () => served.daemon.living.serving === '2');
    await served.send(0, RECORDS);
    await until('scores of version 2', () => served.results().length === 2 * RECORDS.length);
    const expected = ['1', '2'].flatMap((version) =>
      pipeline.made.scoresOf(version, RECORDS).map((score, id) => ({ version, id, score })),
    );
    for (const [index, { version, id, score }] of served.results().entries()) {
      t.deepEqual({ version, id }, { version: expected[index]?.version, id: expected[index]?.id });
      t.true(Math.abs(score - (expected[index]?.score as number)) < 1e-5);
    }
    await until('the index to be asked for, and not to have changed', () => pipeline.sent.unchanged > 0);
    t.true(pipeline.server.asked.every(({ headers }) => headers.authorization === 'Bearer canary'));
    t.notRegex(served.said.join('\n'), /canary/);
    const archives = pipeline.server.asked.filter(({ path }) => path.endsWith('.tar.gz'));
    t.is(archives.length, 2, 'each archive is fetched once');
  },
);

test.serial(
  'labels of the index move when what they name is here, and a rollback here stays until the index says something new',
  async (t) => {
    const pipeline = await published(t);
    pipeline.version('1').version('2').says({ stable: '1' });
    const repository = new VersionsRepository();
    const settings = [...pipeline.settings, 'model.version=stable'];
    const served = await serving(repository, 1, ...settings);
    const { living } = served.daemon;
    t.is(living.serving, '1');
    await until('version 2 to be told', () =>
      living.told.versions.some(({ version, state }) => version === '2' && state === 'remote'),
    );
    pipeline.says({ stable: '2' });
    await until('version 2 to serve', () => living.serving === '2');
    moveLabels(repository.folder, 'cards', (...given) =>
      rolledBack(...given, { label: 'stable', now: new Date() }),
    );
    await living.look();
    t.is(living.serving, '1');
    const asked = pipeline.sent.unchanged;
    await until('the index to be asked for again', () => pipeline.sent.unchanged > asked + 1);
    t.is(living.serving, '1');
    await served.daemon.stop();
    const again = await serving(repository, 1, ...settings);
    t.teardown(() => again.daemon.stop());
    const before = pipeline.sent.whole + pipeline.sent.unchanged;
    await until('a look after the start', () => pipeline.sent.whole + pipeline.sent.unchanged > before + 1);
    t.is(again.daemon.living.serving, '1', 'nor does a start take it back');
    pipeline.version('3').says({ stable: '3', canary: '2' });
    await until('version 3 to serve', () => again.daemon.living.serving === '3');
    t.is(readLabels(repository.folder, 'cards').versions.canary, '2');
    pipeline.says({ stable: '3' });
    await until(
      'the canary to end',
      () => readLabels(repository.folder, 'cards').versions.canary === undefined,
    );
  },
);

test.serial(
  'an archive that is not what the index says never serves, is told as refused, and is fetched when the index is mended',
  async (t) => {
    const pipeline = await published(t);
    pipeline.version('1').version('2', true).says();
    const repository = new VersionsRepository();
    mkdirSync(repository.folder, { recursive: true });
    repository.add('1');
    const served = await serving(repository, 1, ...pipeline.settings);
    t.teardown(() => served.daemon.stop());
    const { living, meter } = served.daemon;
    const two = () => living.told.versions.find(({ version }) => version === '2');
    await until('version 2 to be refused', () => two()?.state === 'refused');
    t.regex(two()?.why ?? '', /expected the SHA-256 0{64}, found/);
    t.is(meter.daemon.versionsRefused, 1);
    t.is(living.serving, '1');
    const asked = pipeline.sent.unchanged;
    await until('two more looks', () => pipeline.sent.unchanged > asked + 1);
    const archives = pipeline.server.asked.filter(({ path }) => path.endsWith('-2.tar.gz'));
    t.is(archives.length, 1, 'what is wrong is not fetched again');
    pipeline.mended('2');
    pipeline.says();
    await until('version 2 to serve', () => living.serving === '2');
  },
);

test.serial(
  'a server that is away, or says nonsense, stops nothing: it is told once, counted, and asked again',
  async (t) => {
    const pipeline = await published(t);
    const repository = new VersionsRepository();
    repository.add('1');
    const { server } = pipeline;
    pipeline.version('2').says();
    const answers = server.answers.get('/cards/index.yaml');
    server.answers.set('/cards/index.yaml', (_, response) => response.writeHead(503).end());
    const served = await serving(repository, 1, ...pipeline.settings);
    t.teardown(() => served.daemon.stop());
    const { meter, living } = served.daemon;
    await until('failures to be counted', () => meter.daemon.sourceFailures > 1);
    await served.send(0, RECORDS);
    await until('scores', () => served.results().length === RECORDS.length);
    t.is(served.said.filter((line) => /answers 503/.test(line)).length, 1);
    server.give('/cards/index.yaml', 'versions: { "2": { url: a } }');
    await until('the place of the mistake', () =>
      served.said.some((line) => /index\.yaml:1:\d+: versions\.2\.sha256: /.test(line)),
    );
    if (answers !== undefined) server.answers.set('/cards/index.yaml', answers);
    await until('version 2 to serve', () => living.serving === '2');
  },
);

test.serial(
  'a start that has nothing to load says what it waits for, and ends where it shall not wait',
  async (t) => {
    const pipeline = await published(t);
    pipeline.server.answers.set('/cards/index.yaml', (_, response) => response.writeHead(401).end());
    await t.throwsAsync(serving(new VersionsRepository(), 1, ...pipeline.settings), {
      message: /model\.source: .*answers 401: the token is not what it wants/,
      code: 'SCORELANE_UNAVAILABLE',
    });
  },
);

test.serial(
  'an index that comes over http from elsewhere is warned of, and its absence stops no start',
  async (t) => {
    const repository = new VersionsRepository();
    repository.add('1');
    const served = await serving(repository, 1, 'model.source=http://models.invalid/index.yaml');
    t.teardown(() => served.daemon.stop());
    t.is(served.said.filter((line) => /whoever stands between can choose the model/.test(line)).length, 1);
    t.is(served.daemon.living.serving, '1');
  },
);

const promote = (repository: VersionsRepository, version: string): unknown =>
  moveLabels(repository.folder, 'cards', (...given) =>
    promoted(...given, { version, label: 'stable', now: new Date() }),
  );
const rollBack = (repository: VersionsRepository): unknown =>
  moveLabels(repository.folder, 'cards', (...given) =>
    rolledBack(...given, { label: 'stable', now: new Date() }),
  );
const labelled = (repository: VersionsRepository) => readLabels(repository.folder, 'cards').versions;

test.serial('a rollback here while an archive is on its way stays when the archive has come', async (t) => {
  const pipeline = await published(t);
  pipeline.version('1').version('2').says({ stable: '2' });
  const repository = new VersionsRepository();
  for (const version of ['1', '2']) repository.add(version);
  promote(repository, '1');
  const served = await serving(repository, 1, ...pipeline.settings, 'model.version=stable');
  t.teardown(() => served.daemon.stop());
  const { living } = served.daemon;
  await until('version 2 to serve', () => living.serving === '2');
  const arrives = Promise.withResolvers<void>();
  pipeline.version('3').says({ stable: '2', canary: '3' });
  const { server } = pipeline;
  const answer = server.answers.get('/cards/cards-3.tar.gz');
  server.answers.set(
    '/cards/cards-3.tar.gz',
    (...given) => void arrives.promise.then(() => answer?.(...given)),
  );
  await until('the archive to be asked for', () => server.asked.some(({ path }) => /-3\.tar/.test(path)));
  rollBack(repository);
  await living.look();
  t.is(living.serving, '1');
  arrives.resolve();
  await until('the canary', () => labelled(repository).canary === '3');
  t.is(labelled(repository).stable, '1');
});

test.serial('a rollback here stays also where somebody here was before the index', async (t) => {
  const pipeline = await published(t);
  pipeline.version('1').version('2').says({ stable: '2' });
  const repository = new VersionsRepository();
  for (const version of ['1', '2']) repository.add(version);
  promote(repository, '1');
  promote(repository, '2');
  const served = await serving(repository, 1, ...pipeline.settings, 'model.version=stable');
  t.teardown(() => served.daemon.stop());
  await until('a look at the index', () => pipeline.sent.unchanged > 0);
  rollBack(repository);
  const asked = pipeline.sent.unchanged;
  await until('two more looks', () => pipeline.sent.unchanged > asked + 1);
  t.is(labelled(repository).stable, '1');
});

test.serial('a label whose version does not come holds up neither a start nor another label', async (t) => {
  const pipeline = await published(t);
  pipeline.version('1').version('2', true).version('3').says({ stable: '1', canary: '2', former: '3' });
  const repository = new VersionsRepository();
  const served = await serving(repository, 1, ...pipeline.settings, 'model.version=stable');
  t.teardown(() => served.daemon.stop());
  t.is(served.daemon.living.serving, '1');
  pipeline.says({ stable: '3', canary: '2' });
  await until('version 3 to serve', () => served.daemon.living.serving === '3');
  t.deepEqual(labelled(repository), { stable: '3' });
  pipeline.mended('2');
  pipeline.says({ stable: '3', canary: '2' });
  await until('the canary', () => labelled(repository).canary === '2');
});

test.serial('while a version takes its time to serve, the index is asked all the same', async (t) => {
  const pipeline = await published(t);
  pipeline.version('1').says();
  const repository = new VersionsRepository();
  const { config } = load(
    `input: { topic: in, format: json }
output: { topic: out, format: json }
deadLetters: { topic: dead }
model: { repository: ${repository.folder}, name: cards }
`,
    pipeline.settings,
  );
  const source = modelSource(config, pino({ level: 'silent' }), new Meter(0));
  let looks = 0;
  source?.begin({
    told: { policy: 'latest', serving: '0', wanted: null, why: '', labels: {}, versions: [] },
    look: () => {
      looks++;
      return new Promise(() => {});
    },
  });
  t.teardown(() => source?.stop());
  await until('a version to come', () => looks === 1);
  await until('the index to be asked for again', () => pipeline.sent.unchanged > 0);
  t.is(looks, 1);
});
