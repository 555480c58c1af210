// `scorelane models inspect`: what is inside of a saved model, or of a version of the repository,
// and how it runs here. Nothing is kept.

import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { OwnFolder } from '../files/own-folder.ts';
import { importModel } from '../importing/import-model.ts';
import { tryGolden } from '../importing/trial.ts';
import { readManifest } from '../model/manifest.ts';
import { type SavedFlags, withPython, withSaved } from './models-options.ts';
import { backendLines, modelLines } from './models-report.ts';
import type { Register } from './options.ts';
import { say } from './say.ts';

async function inspect(path: string, flags: SavedFlags): Promise<number> {
  for (const line of existsSync(join(path, 'model.yaml'))
    ? await versionLines(path)
    : await savedLines(path, flags))
    say(line);
  return EXIT.ok;
}

async function versionLines(folder: string): Promise<string[]> {
  const manifest = readManifest(folder);
  const { name, version, tensors, outputs } = manifest;
  return [
    `model    ${name} version ${version}`,
    ...tensors.map(
      (tensor) =>
        `input    ${tensor.name ?? '(the only one)'}  ${tensor.type} [${['records', ...tensor.shape].join(', ')}]`,
    ),
    ...outputs.map(({ name: own, as, type }) => `output   ${own === as ? own : `${own} as ${as}`}  ${type}`),
    ...backendLines(null, manifest, await tryGolden(manifest)),
  ];
}

/** As an import would do it, into a folder that is removed. */
async function savedLines(path: string, flags: SavedFlags): Promise<string[]> {
  const own = new OwnFolder(tmpdir(), 'scorelane-inspect-');
  try {
    const { shape, ...rest } = flags;
    const { exported, manifest, trials } = await withPython(flags, (python) =>
      importModel({
        ...rest,
        name: 'inspected',
        path,
        repository: own.path,
        shapes: Object.fromEntries(shape),
        python,
      }),
    );
    return [
      ...modelLines(exported),
      ...backendLines(exported, manifest, trials),
      `next     scorelane models import ${path} --name NAME --samples FILE`,
    ];
  } finally {
    await own.close();
  }
}

export const registerInspect: Register = (models, finish) => {
  withSaved(
    models
      .command('inspect')
      .description(
        'say what is inside of a saved model or a version, and what a record costs on each backend',
      )
      .argument('<path>', 'the folder or file that was saved, or the folder of a version'),
  ).action(async (path: string, flags: SavedFlags) => {
    finish(await inspect(path, flags));
  });
};
