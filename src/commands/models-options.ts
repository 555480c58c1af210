// What several commands of `models` take.

import { tmpdir } from 'node:os';
import { type Command, Option } from 'commander';
import { OwnFolder } from '../files/own-folder.ts';
import { PythonSession, pythonFor } from '../importing/python.ts';
import { argument } from './options.ts';

export const DEFAULT_REPOSITORY = 'native-models';

/** The environment names the same repository as it does for commands with a configuration. */
export const withRepository = (command: Command): Command =>
  command.addOption(
    new Option('--repository <folder>', 'the model repository')
      .default(DEFAULT_REPOSITORY)
      .env('SCORELANE_MODEL_REPOSITORY'),
  );

export interface SavedFlags {
  readonly signature?: string;
  readonly shape: readonly (readonly [string, readonly number[]])[];
  readonly inputs?: string;
  readonly samples?: string;
  readonly python?: string;
}

/** What says how a saved model is read. */
export const withSaved = (command: Command): Command =>
  command
    .option(
      '--samples <file>',
      'records of your own, JSON lines or CSV: to find the fields, and for golden records',
    )
    .option(
      '--inputs <file>',
      'a model.yaml, or a part of one: its inputs or tensors, windows, outputs and results are taken over, the rest is made anew',
    )
    .option('--signature <name>', 'of a SavedModel with several')
    .option(
      '--shape <input=lengths>',
      'of an input whose lengths are open: steps=20,4; may be given again',
      shapes,
      [],
    )
    .option('--python <program>', 'a Python with TensorFlow; else SCORELANE_PYTHON, else python3');

type Shape = readonly [string, readonly number[]];

const shapeOf = argument((text): Shape | undefined => {
  const [, name, lengths] = /^(.+)=(\d+(?:,\d+)*)$/.exec(text) ?? [];
  return name === undefined || lengths === undefined ? undefined : [name, lengths.split(',').map(Number)];
}, "an input's name, = and its lengths without the records, such as steps=20,4");

const shapes = (text: string, before: readonly Shape[]): Shape[] => [...before, shapeOf(text)];

/** Does something with the Python of the user, which is begun when it is needed. */
export async function withPython<T>(
  { python: given }: SavedFlags,
  act: (begin: () => PythonSession) => Promise<T>,
): Promise<T> {
  // TensorFlow leaves files in the temp folder.
  let own: OwnFolder | undefined;
  let session: PythonSession | undefined;
  try {
    return await act(() => {
      own ??= new OwnFolder(tmpdir(), 'scorelane-python-');
      session ??= new PythonSession(pythonFor(given, process.env), undefined, { TMPDIR: own.path });
      return session;
    });
  } finally {
    await session?.end();
    await own?.close();
  }
}
