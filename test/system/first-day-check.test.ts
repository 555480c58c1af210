// The promise of `check`: what would keep `run` from starting is told before, with the key, what
// was expected and what was found, and with the exit code that `run` has. By the command line, as
// it is typed on a first day.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';
import { type Ended, Program } from '../support/daemon.ts';

const folder = tempFolder('first-day');
const DEMO = ['--config', 'config/demo.yaml', '--set', 'model.backend=wasm', '--set', 'scoring.workers=1'];
const KAFKA = ['--config', 'config/kafka.yaml'];

const ended = (words: readonly string[], settings: readonly string[], environment = {}): Promise<Ended> =>
  new Program([...words, ...settings.flatMap((setting) => ['--set', setting])], environment).ended;

/** No library speaks for us, and no stack. */
const STRANGE = /\n\s+at |Invalid input|ZodError|node:internal/;

interface Case {
  readonly what: string;
  readonly words: readonly string[];
  /** Whether `run` is asked too: both read the configuration by the same code. */
  readonly byRun?: boolean;
  readonly settings: readonly string[];
  readonly code: number;
  readonly told: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: 'numbers that nothing can run with',
    words: KAFKA,
    byRun: true,
    settings: [
      'kafka.session.timeout.ms=5',
      'scoring.heapBytes=1MiB',
      'scoring.workers=500',
      'telemetry.reportEvery=0s',
      'lanes.budget=1KiB',
    ],
    code: 78,
    told: [
      '--set: kafka.session.timeout.ms: expected 1s to 30m, found ',
      '--set: scoring.heapBytes: expected 64MiB to 1TiB, found "1MiB"',
      '--set: scoring.workers: expected a whole number from 1 to 256, found 500',
      '--set: telemetry.reportEvery: expected 100ms to 24h, found "0s"',
      '--set: lanes.budget: expected 1MiB to 1TiB, found "1KiB"',
    ],
  },
  {
    what: 'keys that contradict each other',
    words: KAFKA,
    settings: [
      'kafka.heartbeat.interval.ms=20s',
      'lanes.stallAfter=20s',
      'kafka.enable.idempotence=false',
      'kafka.transactional.id=tx',
      'input.format=avro',
      'kafka.security.protocol=SASL_SSL',
    ],
    code: 78,
    told: [
      'kafka.heartbeat.interval.ms: expected at most a third of kafka.session.timeout.ms, 10s, found 20s',
      'lanes.stallAfter: expected more than scoring.deadline, 30s, found 20s',
      'kafka.enable.idempotence: expected true, as kafka.transactional.id is set, found false',
      'registry.url: expected an address, as input.format is avro and input.framing confluent, found nothing',
      'kafka.sasl.mechanism: expected a value, as kafka.security.protocol is SASL_SSL, found nothing',
      'kafka.sasl.password: expected a value, as kafka.security.protocol is SASL_SSL, found nothing',
    ],
  },
  {
    what: 'files that are not there, or are something else',
    words: KAFKA,
    settings: [
      'input.format=avro',
      'input.framing=plain',
      'input.schema=/nope',
      'kafka.security.protocol=SSL',
      'kafka.ssl.ca.location=/proc',
    ],
    code: 78,
    told: [
      'input.schema: /nope: expected a file that can be read, found none of that name',
      'kafka.ssl.ca.location: /proc: expected a file that can be read, found a folder',
    ],
  },
  {
    what: 'a certificate that is none',
    words: KAFKA,
    settings: ['kafka.security.protocol=SSL', `kafka.ssl.ca.location=${join(folder, 'ca.pem')}`],
    code: 78,
    told: ['--set: kafka.ssl.ca.location: expected a PEM file of certificates'],
  },
  {
    what: 'a folder for states that nobody can make',
    words: DEMO,
    byRun: true,
    settings: ['snapshots.directory=/proc/nope'],
    code: 73,
    told: ['snapshots.directory: expected a folder that can be written, found /proc/nope'],
  },
  {
    what: 'generated records that the model has no numbers for',
    words: DEMO,
    byRun: true,
    settings: ['generate.kind=fitted'],
    code: 78,
    told: ['generate.kind: expected transactions (--generate transactions), found fitted: '],
  },
];
writeFileSync(join(folder, 'ca.pem'), 'no certificate\n');

for (const { what, words, byRun, settings, code, told } of CASES) {
  test(`${what}: ${byRun ? 'check and run say' : 'check says'} so with the keys, exit code ${code}`, async (t) => {
    for (const command of byRun ? ['check', 'run'] : ['check']) {
      const { code: found, out } = await ended([command, ...words], settings);
      t.is(found, code, `${command}:\n${out}`);
      for (const each of told) t.true(out.includes(each), `${command}: ${each} in:\n${out}`);
      t.notRegex(out, STRANGE, command);
    }
  });
}

/** As where `npm ci` has left a package out. */
const without = (name: string): Readonly<Record<string, string>> => {
  const file = join(folder, 'without.mjs');
  writeFileSync(
    file,
    `import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== '${name}') return next(specifier, context);
    throw Object.assign(new Error("Cannot find package '${name}'"), { code: 'ERR_MODULE_NOT_FOUND' });
  },
});\n`,
  );
  return { NODE_OPTIONS: `--import=${file}` };
};

test('a package of a backend that is missing is no reason to stop while another backend works', async (t) => {
  const missing = without('@tensorflow/tfjs-backend-wasm');
  const auto = ['check', '--config', 'config/demo.yaml'];
  const { code, out } = await ended(auto, [], missing);
  t.is(code, 0, out);
  t.regex(out, /wasm missing \(@tensorflow\/tfjs-backend-wasm is not installed; "npm ci" installs it\)/);
  const only = await ended(auto, ['model.backend=wasm'], missing);
  t.is(only.code, 69, only.out);
  t.regex(only.out, /^scorelane: @tensorflow\/tfjs-backend-wasm is not installed/m);
});

interface Report {
  readonly starts: boolean;
  readonly exitCode: number;
  readonly findings: readonly {
    readonly job?: string;
    readonly level: string;
    readonly message: string;
    readonly code?: string;
  }[];
  readonly values: Readonly<Record<string, { readonly value: unknown; readonly from: string }>>;
}

test('check --json is one document: every value with its source, what was found, and what has no effect', async (t) => {
  const settings = ['kafka.sasl.password=hush', 'deadLetters.floodRecords=7', 'snapshots.interval=5s'];
  const program = new Program(['check', '--json', ...DEMO, ...settings.flatMap((each) => ['--set', each])]);
  const { code } = await program.ended;
  t.is(code, 0, program.out);
  const { starts, exitCode, findings, values } = JSON.parse(program.printed) as Report;
  t.deepEqual([starts, exitCode], [true, 0]);
  t.deepEqual(values['deadLetters.floodRecords'], { value: 7, from: '--set' });
  t.deepEqual(values['lanes.inFlight'], { value: 4, from: 'default' });
  t.false(program.out.includes('hush'));
  const unused = findings.filter(({ level }) => level === 'unused').map(({ message }) => message);
  t.deepEqual(unused, [
    'kafka.sasl.password (--set): log is memory',
    'deadLetters.floodRecords (--set): deadLetters.floodShare is 1',
    'snapshots.interval (--set): snapshots.directory is not set',
  ]);
});

test('check --json of a configuration that cannot be loaded has each problem', async (t) => {
  const settings = ['--set', 'lanes.budget=1KiB', '--set', 'lanes.retry=1h'];
  const program = new Program(['check', '--json', ...KAFKA, ...settings]);
  t.is((await program.ended).code, 78, program.out);
  const { starts, findings } = JSON.parse(program.printed) as Report;
  t.false(starts);
  t.deepEqual(
    findings.map(({ level, code }) => [level, code]),
    [
      ['wrong', 'SCORELANE_CONFIG'],
      ['wrong', 'SCORELANE_CONFIG'],
    ],
  );
});

const JOBS = ['--config', 'config/jobs.yaml', '--set', 'model.backend=wasm', '--set', 'scoring.workers=1'];

test('check tries every job, with a part for each under its name, and what all have in common once', async (t) => {
  const program = new Program(['check', ...JOBS, '--set', 'scoring.memoryLimit=8GiB']);
  t.is((await program.ended).code, 0, program.out);
  const [before, ...parts] = program.printed.split(/^(?=job \w+$|all jobs$)/m);
  const [fraud = '', pricing = '', all = ''] = parts;
  t.is(parts.length, 3, program.out);
  t.regex(before ?? '', /^jobs\.pricing\.latency\.target = 50 {2}\(config\/jobs\.yaml\)$/m);
  for (const [part, model, topic] of [
    [fraud, 'creditcard', 'transactions'],
    [pricing, 'pricing', 'rides'],
  ] as const) {
    t.regex(part, new RegExp(`^ok: model ${model}, golden records agree`, 'm'));
    t.regex(part, new RegExp(`^ok: generated records can be sent to ${topic}, 1000 a second$`, 'm'));
    t.regex(part, new RegExp(`^ok: a worker thread has loaded model ${model}, `, 'm'));
  }
  t.is(program.printed.match(/memory: at most 8192 MiB/g)?.length, 1);
  t.regex(all, /^ok: memory: [\s\S]*for each of 2 jobs[\s\S]*^ok: run would start$/m);
});

test('check --json of several jobs says of which job a finding is, and its exit code', async (t) => {
  const settings = [
    'jobs.fraud.output.ids=[score]',
    'deadLetters.floodRecords=7',
    'jobs.pricing.generate.customers=3',
  ];
  const program = new Program(['check', '--json', ...JOBS, ...settings.flatMap((each) => ['--set', each])]);
  t.is((await program.ended).code, 78, program.out);
  const { starts, findings, values } = JSON.parse(program.printed) as Report;
  t.false(starts);
  t.deepEqual(
    findings
      .filter(({ level }) => level !== 'ok' && level !== 'implied')
      .map(({ job, level, message }) => [job, level, message.slice(0, 35)]),
    [
      ['fraud', 'wrong', '--set: output.ids: "score" would st'],
      ['pricing', 'unused', 'generate.customers (--set): generat'],
      [undefined, 'unused', 'deadLetters.floodRecords (--set): d'],
    ],
  );
  t.deepEqual(values['jobs.pricing.generate.customers'], { value: 3, from: '--set' });
});

test('check names all that is wrong at once, and goes on after each', async (t) => {
  const { code, out } = await ended(
    ['check', ...DEMO],
    ['snapshots.directory=/proc/nope', 'output.ids=[score]'],
  );
  t.is(code, 78, out);
  t.regex(out, /output\.ids: "score" would stand twice/);
  t.regex(out, /snapshots\.directory: /);
  t.regex(out, /run would not start: 2 things wrong/);
});
