// `npm run image -- [--target small]`: runs the Dockerfile's instructions one by one in a folder,
// for machines without a container engine. What only an engine can show, it says: the base image,
// Debian packages, the user. Node and npm are those on the PATH.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { DockerfileParser, ModifiableInstruction } from 'dockerfile-ast';
import { run } from './run.ts';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** What an image is, with its file system in a folder. */
export interface Image {
  readonly folder: string;
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

interface Step {
  readonly keyword: string;
  readonly text: string;
  /** The stage that files are copied from. */
  readonly from: string | undefined;
}

interface Stage {
  readonly name: string;
  readonly base: string;
  readonly steps: readonly Step[];
}

export interface BuildOptions {
  /** The last stage unless given. */
  readonly target?: string;
  readonly say: (line: string) => void;
  /** Where it is built: an empty folder. */
  readonly folder: string;
}

/** Needs the image's own system. */
const OF_ITS_SYSTEM = /apt-get|chown/;

/** Rejects with the output of the instruction that fails. */
export async function buildImage({ target, say, folder }: BuildOptions): Promise<Image> {
  const stages = readStages();
  const last = target === undefined ? stages.at(-1) : stages.find(({ name }) => name === target);
  if (last === undefined) throw new Error(`the Dockerfile has no stage ${target}`);
  const built = new Map<string, Promise<Image>>();
  const build = (stage: Stage): Promise<Image> => {
    const known = built.get(stage.name) ?? buildStage(stage);
    built.set(stage.name, known);
    return known;
  };
  const stageOf = (name: string): Promise<Image> => {
    const stage = stages.find((each) => each.name === name);
    if (stage === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
    return build(stage);
  };
  const buildStage = async ({ name, base, steps }: Stage): Promise<Image> => {
    const own = join(folder, name);
    let image: Image = { ...EMPTY, folder: own };
    if (stages.some((each) => each.name === base)) {
      image = { ...(await stageOf(base)), folder: own };
      // The files themselves, by links: a stage only adds, replaces and deletes.
      await run('cp', ['-al', join(folder, base), own]);
    } else say(`${name}: ${base} is taken for granted`);
    for (const step of steps) {
      say(`${name}: ${step.keyword} ${step.text}`);
      const from = step.from === undefined ? root : (await stageOf(step.from)).folder;
      image = await take(image, step, from, say);
    }
    return image;
  };
  return build(last);
}

const EMPTY: Omit<Image, 'folder'> = {
  workingFolder: '/',
  environment: {},
  user: 'root',
  entrypoint: [],
  command: [],
  healthCheck: [],
};

/** Does one instruction. */
async function take(
  image: Image,
  { keyword, text, from: stage }: Step,
  from: string,
  say: BuildOptions['say'],
): Promise<Image> {
  const inside = (path: string): string => join(image.folder, resolve(image.workingFolder, path));
  switch (keyword) {
    case 'WORKDIR':
      mkdirSync(join(image.folder, text), { recursive: true });
      return { ...image, workingFolder: text };
    case 'ENV': {
      const [, name = '', value = ''] = /^(\w+)=(\S*)$/.exec(text) ?? [];
      return { ...image, environment: { ...image.environment, [name]: value } };
    }
    case 'COPY': {
      const [to = '', ...sources] = text.split(/\s+/).toReversed();
      for (const source of sources) await copy(join(from, source), inside(to), to, stage === undefined);
      return image;
    }
    case 'RUN':
      if (OF_ITS_SYSTEM.test(text)) say('  not run: it needs the system of the image');
      else await run('/bin/sh', ['-ec', text], { cwd: inside('.'), env: { ...image.environment } });
      return image;
    case 'USER':
      return { ...image, user: text };
    case 'ENTRYPOINT':
      return { ...image, entrypoint: JSON.parse(text) as string[] };
    case 'CMD':
      return { ...image, command: JSON.parse(text) as string[] };
    case 'HEALTHCHECK':
      return { ...image, healthCheck: JSON.parse(text.replace(/^CMD /, '')) as string[] };
    default:
      throw new Error(`this tool does not know the instruction ${keyword}`);
  }
}

/** As COPY does: a file goes into a folder, and of a folder its contents. */
async function copy(source: string, target: string, named: string, isOfContext: boolean): Promise<void> {
  if (!existsSync(source)) throw new Error(`COPY: there is no ${source}`);
  if (isOfContext && isIgnored(source)) throw new Error(`COPY: .dockerignore leaves out ${source}`);
  if (named.endsWith('/')) {
    mkdirSync(target, { recursive: true });
    cpSync(source, join(target, basename(source)), { recursive: true });
    return;
  }
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true });
  await run('cp', [isOfContext ? '-a' : '-al', source, target]);
}

const isIgnored = (source: string): boolean =>
  readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .some((line) => resolve(root, line) === source);

function readStages(): readonly Stage[] {
  const parser = (require('dockerfile-ast') as { readonly DockerfileParser: typeof DockerfileParser })
    .DockerfileParser;
  const stages: { name: string; base: string; steps: Step[] }[] = [];
  for (const instruction of parser.parse(readFileSync(join(root, 'Dockerfile'), 'utf8')).getInstructions()) {
    const keyword = instruction.getKeyword();
    const text = instruction.getArgumentsContent() ?? '';
    if (keyword === 'FROM') {
      const [base = '', , name = 'last'] = text.split(/\s+/);
      stages.push({ name, base, steps: [] });
      continue;
    }
    const flags = 'getFlags' in instruction ? (instruction as ModifiableInstruction).getFlags() : [];
    const from = flags.find((flag) => flag.getName() === 'from')?.getValue() ?? undefined;
    stages.at(-1)?.steps.push({ keyword, text, from });
  }
  return stages;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { target } = parseArgs({ options: { target: { type: 'string' } } }).values;
  const image = await buildImage({
    say: (line) => console.log(line),
    // It stays: whoever asked for the image looks into it, or starts it.
    folder: mkdtempSync(join(tmpdir(), 'scorelane-image-')),
    ...(target === undefined ? {} : { target }),
  });
  console.log(JSON.stringify(image, null, 2));
}
