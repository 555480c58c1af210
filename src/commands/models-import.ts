// `scorelane models import`: a saved model becomes a version in the model repository, whole or not
// at all.

import { join, relative } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { type Imported, type ImportRequest, importModel } from '../importing/import-model.ts';
import { type SavedFlags, withPython, withRepository, withSaved } from './models-options.ts';
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

function importedLines({ name }: ImportFlags, imported: Imported): string[] {
  const { folder, version, exported, manifest, trials, tolerance, isGuessed } = imported;
  const { goldenRecords, goldenSource, goldenBy } = imported;
  const place = relative('', folder);
  const yaml = join(place, 'model.yaml');
  const what = goldenSource === 'drawn records' ? goldenSource : `records of ${goldenSource}`;
  const differ = differencesInWords(trials);
  return [
    ...modelLines(exported),
    ...backendLines(exported, manifest, trials),
    `golden   ${goldenRecords} ${what}, their outputs by ${goldenBy}` +
      (differ === '' ? '' : `; the backends differ ${differ}`) +
      `: rtol ${tolerance.rtol}, atol ${tolerance.atol}`,
    `written  ${name} version ${version}: ${place}`,
    ...(isGuessed ? [`look     ${yaml}: the fields of the records are guessed`] : []),
    `next     scorelane models verify ${name}`,
  ];
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
