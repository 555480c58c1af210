// `scorelane models import`: a saved model becomes a version in the model repository, whole or not
// at all.

import { join, relative, resolve, sep } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { type Imported, type ImportRequest, importModel } from '../importing/import-model.ts';
import type { Recorded } from '../importing/record-distribution.ts';
import {
  DEFAULT_REPOSITORY,
  type SavedFlags,
  withPython,
  withRepository,
  withSaved,
} from './models-options.ts';
import { backendLines, differencesInWords, modelLines } from './models-report.ts';
import { countArgument, type Register } from './options.ts';
import { say } from './say.ts';

interface ImportFlags extends SavedFlags {
  readonly name: string;
  readonly version?: number;
  readonly repository: string;
}

async function importSaved(path: string, flags: ImportFlags): Promise<number> {
  const { shape, ...rest } = flags;
  const imported = await withPython(flags, (python) => {
    const request: ImportRequest = { ...rest, path, shapes: Object.fromEntries(shape), python };
    return importModel(request);
  });
  for (const line of importedLines(flags, imported)) say(line);
  return EXIT.ok;
}

function importedLines(flags: ImportFlags, imported: Imported): string[] {
  const { name } = flags;
  const { folder, version, exported, manifest, trials, tolerance, isGuessed } = imported;
  const { goldenRecords, goldenSource, goldenBy, reference, distribution } = imported;
  const others = trials.filter(({ backend }) => backend !== reference);
  const place = folder.startsWith(`${process.cwd()}${sep}`) ? relative('', folder) : folder;
  const yaml = join(place, 'model.yaml');
  const what = goldenSource === null ? 'drawn at random' : `of ${goldenSource}`;
  return [
    ...modelLines(exported),
    ...backendLines(exported, manifest, trials),
    `golden   ${goldenRecords} records ${what}, outputs by ${goldenBy}`,
    ...lines(differencesInWords(others)),
    `         tolerance: rtol ${tolerance.rtol}, atol ${tolerance.atol}`,
    ...(distribution === null ? [] : [`drift    ${distributionInWords(distribution)}`]),
    `written  ${name} version ${version}: ${place}`,
    ...(isGuessed ? [`look at  ${yaml}: the fields that fill the inputs are guessed`] : []),
    `next     ${nextCommand(flags)}`,
  ];
}

const distributionInWords = (recorded: Recorded): string =>
  recorded.records === undefined
    ? `no distribution is recorded: ${recorded.why}`
    : `the distribution of ${recorded.records} records in ${recorded.columns} columns is recorded`;

const lines = (text: string): string[] => (text === '' ? [] : [`         ${text}`]);

/** What scores records with it, whatever the working folder holds. */
function nextCommand({ name, repository, samples }: ImportFlags): string {
  const model = repository === DEFAULT_REPOSITORY ? { name } : { name, repository: resolve(repository) };
  const file = `${name}.yaml`;
  return `echo '${JSON.stringify({ model })}' > ${file}; scorelane score --config ${file} --in ${samples ?? 'RECORDS.jsonl'}`;
}

export const registerImport: Register = (models, finish) => {
  withRepository(
    withSaved(
      models
        .command('import')
        .description('make a version of a saved model: SavedModel, .keras, .h5, TensorFlow.js or .onnx')
        .argument('<path>', 'the folder or file that was saved')
        .requiredOption('--name <name>', "the model's name in the repository")
        .option('--version <n>', 'the next free one unless given', countArgument),
    ),
  ).action(async (path: string, flags: ImportFlags) => {
    finish(await importSaved(path, flags));
  });
};
