// `scorelane models list`: the models of a repository, their versions with their labels, what each
// has for which backend, and what a daemon does with it.

import { EXIT } from '../base/errors.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { type VersionFolder, versionsIn } from '../model/repository.ts';
import { readLabels } from '../versions/labels.ts';
import type { VersionFigures } from '../versions/model-versions.ts';
import { askedDaemon, type DaemonJob, TOKEN_VARIABLE } from './asked-daemon.ts';
import { withRepository } from './models-options.ts';
import { argument, type Register } from './options.ts';
import { note, say } from './say.ts';

interface Listed extends Placed {
  readonly labels: readonly string[];
  /** Of the jobs of the daemon that have it; null where no daemon was asked. */
  readonly jobs: readonly JobOfVersion[] | null;
  /** Null where `trouble` says why it cannot be served. */
  readonly content: {
    readonly backends: readonly string[];
    /** Columns of features. */
    readonly columns: number;
    /** As results name them. */
    readonly outputs: readonly string[];
    readonly goldenRecords: number;
  } | null;
  readonly trouble: string | null;
}

interface Placed {
  readonly model: string;
  readonly version: string;
  /** Null where only the daemon has it. */
  readonly folder: string | null;
}

interface JobOfVersion {
  readonly job: string;
  readonly state: string;
  readonly why: string | null;
  /** Where labels have come for its scores. */
  readonly quality?: VersionFigures | undefined;
}

interface Flags {
  readonly repository: string;
  readonly json: boolean;
  readonly daemon?: string;
  readonly tokenFile?: string;
}

async function list({ repository, json, daemon, tokenFile }: Flags): Promise<number> {
  const told = daemon === undefined ? null : await askedDaemon(daemon, tokenFile);
  const folders = versionsIn(repository);
  const labels = labelsBy(repository, folders);
  const versions = [...folders.map(contentOf), ...onlyIn(told ?? [], folders)].map((version) => ({
    ...version,
    labels: labels.get(version.model)?.get(version.version) ?? [],
    jobs: told === null ? null : jobsOf(told, version),
  }));
  if (json) say(JSON.stringify(versions, null, 2));
  else if (versions.length === 0) say(`no models in ${repository}`);
  else for (const each of versions) say(inWords(each));
  return EXIT.ok;
}

/** By model and version. What is wrong with a file of labels is told, and the versions too. */
function labelsBy(
  repository: string,
  folders: readonly VersionFolder[],
): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const models = [...new Set(folders.map(({ model }) => model))];
  return new Map(models.map((model) => [model, labelsOf(repository, model, folders)]));
}

function labelsOf(
  repository: string,
  model: string,
  folders: readonly VersionFolder[],
): Map<string, string[]> {
  try {
    const { versions } = readLabels(repository, model);
    const there = folders.filter((folder) => folder.model === model).map(({ version }) => version);
    for (const [label, version] of Object.entries(versions))
      if (!there.includes(version)) note(`${model}: ${label} is version ${version}, which is not there`);
    return new Map(
      there.map((version) => [version, Object.keys(versions).filter((label) => versions[label] === version)]),
    );
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    note(error.message);
    return new Map();
  }
}

const jobsOf = (told: readonly DaemonJob[], { model, version }: Placed): JobOfVersion[] =>
  told.flatMap(({ job, name, versions }) =>
    versions
      .filter((each) => name === model && each.version === version)
      .map(({ state, why, quality }) => ({ job, state, why, quality })),
  );

type Content = Placed & Pick<Listed, 'content' | 'trouble'>;

/** Versions that the daemon has and the repository has not. */
function onlyIn(told: readonly DaemonJob[], folders: readonly VersionFolder[]): Content[] {
  const keyOf = ({ model, version }: Placed): string => JSON.stringify([model, version]);
  const known = new Set(folders.map(keyOf));
  const found = new Map<string, Content>();
  for (const { name: model, versions } of told)
    for (const { version } of versions) {
      if (model === null) continue;
      const placed = { model, version, folder: null };
      if (!known.has(keyOf(placed)))
        found.set(keyOf(placed), { ...placed, content: null, trouble: 'only the daemon has it' });
    }
  return [...found.values()];
}

/** One that is broken is told in its place: the others are of interest all the same. */
function contentOf({ model, version, folder }: VersionFolder): Content {
  try {
    const manifest = readManifest(folder);
    const { artefacts, outputs, width: columns } = manifest;
    const backends = [
      ...(artefacts.savedModel === undefined ? [] : ['native']),
      ...(artefacts.web === undefined ? [] : ['wasm', 'cpu']),
      ...(artefacts.onnx === undefined ? [] : ['onnx']),
    ];
    const names = outputs.map(({ as }) => as);
    const content = { backends, columns, outputs: names, goldenRecords: readGolden(manifest).length };
    return { model, version, folder, content, trouble: null };
  } catch (error) {
    if (error instanceof ModelError) return { model, version, folder, content: null, trouble: error.message };
    throw error;
  }
}

function inWords({ model, version, labels, content, trouble, folder, jobs }: Listed): string {
  const name = `${model} ${version}${labels.length === 0 ? '' : ` (${labels.join(', ')})`}`;
  const states = (jobs ?? []).map(
    ({ job, state, why, quality }) =>
      `${state} in ${job}${why === null ? '' : `: ${why}`}${quality === undefined ? '' : qualityInShort(quality)}`,
  );
  const told = jobs === null ? [] : states.length === 0 ? ['unknown to the daemon'] : states;
  if (content === null)
    return [name, folder === null ? `${trouble}` : `cannot be served: ${trouble}`, ...told].join('  ');
  const { backends, columns, outputs, goldenRecords } = content;
  return [
    name,
    backends.join(', '),
    `${columns} columns to ${outputs.join(', ')}`,
    `${goldenRecords} golden records`,
    ...told,
  ].join('  ');
}

const qualityInShort = ({ areaUnderRoc, labelled }: VersionFigures): string =>
  `, AUC ${areaUnderRoc === null ? 'not known yet' : areaUnderRoc.toFixed(4)} by ${labelled} labels`;

const urlArgument = argument(
  (text) => (/^https?:$/.test(URL.parse(text)?.protocol ?? '') ? text : undefined),
  'an address such as http://127.0.0.1:8080',
);

export const registerList: Register = (models, finish) => {
  withRepository(
    models
      .command('list')
      .description('the models and versions of a repository, with their labels')
      .option('--json', 'print them as JSON', false)
      .option('--daemon <url>', 'tell also what that daemon does with each version', urlArgument)
      .option('--token-file <file>', `the daemon's http.adminToken; else ${TOKEN_VARIABLE}`),
  ).action(async (flags: Flags) => {
    finish(await list(flags));
  });
};
