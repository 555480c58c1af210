// `npm run check:arrows`: dependencies must go down the list of the design. dependency-cruiser
// reads the modules. It exits with 0 even if it could not read them, so this is checked too.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';

/** What a record is scored with, in a worker thread. */
const SCORED_WITH = [
  'answers',
  'base',
  'codec',
  'features',
  'log',
  'model',
  'reading',
  'scoring',
  'statistics',
];

/** The folders that each folder of src/ may import, besides itself and packages. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  time: [],
  files: ['base', 'time'],
  statistics: [],
  written: ['base'],
  log: ['base'],
  codec: ['base', 'time'],
  features: ['base', 'written'],
  model: ['base', 'codec', 'features', 'statistics', 'written'],
  versions: ['files', 'model', 'scoring', 'written'],
  fetching: ['base', 'codec', 'files', 'model', 'time', 'versions', 'written'],
  scoring: ['base', 'features', 'log'],
  telemetry: ['base', 'features', 'model', 'scoring', 'statistics'],
  engine: ['base', 'log', 'scoring'],
  metrics: ['base', 'engine', 'features', 'log', 'scoring', 'statistics', 'telemetry', 'versions'],
  serving: ['answers', 'base', 'log', 'model', 'pool', 'scoring', 'time'],
  http: ['base', 'model', 'serving', 'time', 'versions'],
  'http-thread': ['base', 'codec', 'http', 'serving', 'time', 'versions'],
  page: ['base', 'engine', 'features', 'http', 'log', 'scoring', 'telemetry', 'time', 'versions'],
  tracing: ['base', 'scoring', 'telemetry', 'time'],
  memory: ['base', 'log', 'time'],
  kafka: ['base', 'log', 'time'],
  load: ['base', 'codec', 'log', 'time', 'written'],
  answers: ['base', 'features', 'log', 'model'],
  reading: ['base', 'codec', 'features', 'log'],
  'worker-protocol': SCORED_WITH,
  worker: [...SCORED_WITH, 'worker-protocol'],
  pool: ['base', 'features', 'files', 'log', 'model', 'scoring', 'statistics', 'time', 'worker-protocol'],
  importing: ['base', 'codec', 'features', 'files', 'load', 'model', 'statistics', 'written'],
  audit: ['answers', 'log'],
  rescoring: ['answers', 'base', 'codec', 'features', 'log', 'model', 'scoring', 'statistics', 'written'],
  config: ['answers', 'base', 'codec', 'log', 'kafka', 'model', 'written'],
  tuning: ['base', 'config', 'model', 'written'],
};

/** The folders that put all parts together. They may import every folder except the worker's. */
const ROOTS = ['commands', 'daemon'];

const rules: IForbiddenRuleType[] = [
  ...Object.entries(ARROWS).map(([folder, allowed]) => ({
    name: `${folder} sees ${allowed.join(', ') || 'nothing'}`,
    severity: 'error' as const,
    from: { path: `^src/${folder}/` },
    to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
  })),
  {
    name: 'nobody imports worker: it runs in a thread of its own, and what is said to it stands in worker-protocol',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/worker/' },
    to: { path: '^src/worker/' },
  },
  {
    name: 'nothing sees commands',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(commands/|command-line\\.ts)' },
    to: { path: '^src/commands/' },
  },
  {
    name: 'nothing but commands sees daemon',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(commands/|daemon/|(command-line|index)\\.ts)' },
    to: { path: '^src/daemon/' },
  },
  {
    name: 'nothing of src sees tools, tests or the bench',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '^(tools|test|bench)/' },
  },
  { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
];

const root = join(import.meta.dirname, '..');
const files = (readdirSync(join(root, 'src'), { recursive: true }) as string[]).filter((name) =>
  /\.c?ts$/.test(name),
);
const { output } = await cruise(['src'], {
  baseDir: root,
  ruleSet: { forbidden: rules },
  validate: true,
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  tsConfig: { fileName: join(root, 'tsconfig.json') },
});
const { modules, summary } = output as ICruiseResult;
const seen = modules.filter(({ source }) => source.startsWith('src/')).length;
const dependencies = modules.reduce((sum, module) => sum + module.dependencies.length, 0);
for (const { rule, from, to } of summary.violations) console.error(`${from} -> ${to}: ${rule.name}`);
const unnamed = [
  ...new Set(files.filter((name) => name.includes('/')).map((name) => name.split('/')[0] as string)),
].filter((folder) => !ROOTS.includes(folder) && !(folder in ARROWS));
if (unnamed.length > 0) console.error(`folders of src/ without arrows: ${unnamed.join(', ')}`);
if (seen !== files.length) console.error(`dependency-cruiser saw ${seen} modules of ${files.length}`);
if (dependencies < files.length) console.error(`dependency-cruiser saw ${dependencies} dependencies only`);
const failed =
  summary.violations.length > 0 || unnamed.length > 0 || seen !== files.length || dependencies < files.length;
if (!failed) console.log(`${seen} modules, ${dependencies} dependencies, all downward`);
process.exitCode = failed ? 1 : 0;
