// Imports a saved model into the model repository.

import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codecs } from '../codec/codecs.ts';
import { type ModelManifest, type ModelOutput, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import type { Backend } from '../model/predictor.ts';
import { writeArtefacts } from './artefacts.ts';
import { drawnRecords } from './drawn.ts';
import type { Exported, ExportOutputs } from './exported.ts';
import { type Given, readGiven, takeOver } from './given.ts';
import { askBackends, askPython, type GoldenRows, rowsFor } from './golden-records.ts';
import { guessInputs } from './guess.ts';
import { savedAt } from './kinds.ts';
import { guessedFeatures, type ManifestParts, manifestText, outputsFor } from './manifest-text.ts';
import { addVersion } from './new-version.ts';
import type { PythonSession } from './python.ts';
import { RECORDS_MAX, type Recorded, recordInto } from './record-distribution.ts';
import { fieldsIn } from './sample-fields.ts';
import { readSamples, SAMPLES_MAX, type SampleRecord } from './samples.ts';
import { narrowest, type Tolerance, tolerancesFor } from './tolerance.ts';
import { type BackendTrial, tryBackends } from './trial.ts';

export interface ImportRequest {
  readonly path: string;
  readonly name: string;
  /** The next free one unless given. */
  readonly version?: number | undefined;
  readonly repository: string;
  /** Records of the user's own: JSON lines or CSV. */
  readonly samples?: string | undefined;
  /** A YAML file whose inputs or tensors, windows, outputs and results are taken over. */
  readonly inputs?: string | undefined;
  /** Of a SavedModel with several. */
  readonly signature?: string | undefined;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /**
   * For how many rows in a call a record's cost is measured; for those that people see unless
   * given.
   */
  readonly measured?: readonly number[];
  /** Begins a Python when it is needed. */
  python(): PythonSession;
}

export interface Imported {
  readonly version: number;
  readonly folder: string;
  readonly exported: Exported;
  readonly manifest: ModelManifest;
  readonly trials: readonly BackendTrial[];
  readonly tolerance: Tolerance;
  readonly goldenRecords: number;
  /**
   * The file of the golden records, null if they are drawn, and what has computed their outputs.
   */
  readonly goldenSource: string | null;
  readonly goldenBy: string;
  /** The backend that has computed them, if it was not Python. */
  readonly reference: Backend | null;
  /** Whether somebody must look at the fields. */
  readonly isGuessed: boolean;
  /** What was recorded of the samples for drift; null without samples. */
  readonly distribution: Recorded | null;
}

const DRAWN_RECORDS = 8;
/** Until the backends have been tried. */
const UNKNOWN: Tolerance = { rtol: 1e-4, atol: 1e-6 };

/** Rejects with `ModelError` and with what its parts reject with. */
export async function importModel(request: ImportRequest): Promise<Imported> {
  const saved = savedAt(request.path);
  const samples = request.samples === undefined ? null : await readSamples(request.samples, RECORDS_MAX);
  const given = request.inputs === undefined ? null : readGiven(request.inputs);
  const { folder, written } = await addVersion(request, (draft, version) =>
    writeVersion(draft, version, request, saved, { samples, given }),
  );
  return { ...written, folder, manifest: { ...written.manifest, folder } };
}

async function writeVersion(
  draft: string,
  version: number,
  request: ImportRequest,
  saved: ReturnType<typeof savedAt>,
  { samples, given }: { readonly samples: readonly SampleRecord[] | null; readonly given: Given | null },
): Promise<Imported> {
  const { exported, python } = await writeArtefacts(saved, draft, request);
  refuseOpenShapes(exported);
  const looked = samples?.slice(0, SAMPLES_MAX) ?? null;
  const parts: ManifestParts = {
    name: request.name,
    version,
    source: `${basename(request.path).replaceAll(/\s+/g, ' ')} (${exported.madeWith})`,
    ...(given === null
      ? { features: guessedFrom(request, exported, looked), outputs: outputsFor(exported) }
      : takeOver(given, exported, draft)),
    savedModel: 'missing' in exported.savedModel ? null : exported.savedModel,
    web: 'missing' in exported.web ? null : { path: exported.web.path },
    onnx: 'missing' in exported.onnx ? null : exported.onnx,
    tolerance: UNKNOWN,
  };
  const write = (changed: ManifestParts): ModelManifest => {
    writeFileSync(join(draft, 'model.yaml'), manifestText(changed));
    return readManifest(draft);
  };
  const manifest = write(parts);
  const source = request.samples ?? 'drawn records';
  const rows = rowsFor(manifest, looked ?? drawnRecords(manifest.inputs, DRAWN_RECORDS), source);
  const names = exported.inputs.map(({ name }) => name);
  const golden =
    python === null ? await askBackends(manifest, rows) : await askPython(python, names, manifest, rows);
  writeFileSync(join(draft, 'golden.json'), goldenText(manifest, rows, golden.outputs));
  const tried = await tryBackends(manifest, rows, golden.outputs, request.measured);
  const trials = judged(tried, parts.outputs.length);
  const differences = trials.flatMap((trial) => trial.differences);
  const tolerances = tolerancesFor(differences, parts.outputs.length) ?? [UNKNOWN];
  const tolerance = narrowest(tolerances);
  const isOf = (backends: readonly string[]): boolean =>
    trials.some(
      ({ backend, refusal, isMissing }) => backends.includes(backend) && (refusal === null || isMissing),
    );
  const kept = {
    savedModel: isOf(['native']) ? parts.savedModel : null,
    web: isOf(['wasm', 'cpu']) ? parts.web : null,
    onnx: isOf(['onnx']) ? parts.onnx : null,
  };
  if (Object.values(kept).every((artefact) => artefact === null)) throw noneRuns(request.path, trials);
  const whole = {
    ...parts,
    ...kept,
    outputs: parts.outputs.map((output, index) => withTolerance(output, tolerances[index], tolerance)),
    tolerance,
  };
  const tolerant = write(whole);
  const distribution = samples === null ? null : await recordInto(draft, tolerant, samples);
  const done = distribution?.records === undefined ? tolerant : write({ ...whole, hasDistribution: true });
  return {
    version,
    folder: draft,
    exported,
    manifest: done,
    trials,
    tolerance,
    goldenRecords: rows.records.length,
    goldenSource: request.samples ?? null,
    goldenBy: golden.by,
    reference: golden.backend,
    isGuessed: given === null,
    distribution,
  };
}

function refuseOpenShapes({ inputs }: Exported): void {
  const open = inputs.find(({ shape }) => shape.includes(null));
  if (open === undefined) return;
  const shape = open.shape.map((length) => length ?? 'any').join(', ');
  throw new ModelError(
    `input "${open.name}": expected fixed lengths, found [records, ${shape}]; ` +
      `give them by --shape ${open.name}=${open.shape.map((length) => length ?? 20).join(',')}`,
  );
}

function guessedFrom(
  { samples: file }: ImportRequest,
  { inputs }: Exported,
  samples: readonly SampleRecord[] | null,
): string {
  const basis =
    samples === null
      ? "LOOK HERE: named as the model's inputs are; name the fields of your records"
      : `LOOK HERE: guessed by the fields of ${basename(file ?? '')}`;
  return guessedFeatures(guessInputs(inputs, samples === null ? null : fieldsIn(samples)), basis);
}

/** What an output of another size may differ by says nothing of the others. */
const withTolerance = (output: ModelOutput, own: Tolerance | undefined, all: Tolerance): ModelOutput =>
  own === undefined || (own.rtol === all.rtol && own.atol === all.atol)
    ? output
    : { ...output, rtol: output.rtol ?? own.rtol, atol: output.atol ?? own.atol };

/** A backend that computes something else does not run the model. */
const judged = (trials: readonly BackendTrial[], outputs: number): readonly BackendTrial[] =>
  trials.map((trial) => {
    if (trial.refusal !== null || tolerancesFor(trial.differences, outputs) !== null) return trial;
    const worst = trial.differences.toSorted((one, other) => distance(other) - distance(one))[0];
    const refusal = `its outputs differ from the model's own: ${worst?.found} where the model gives ${worst?.expected}`;
    return { ...trial, refusal, differences: [] };
  });

const distance = ({ expected, found }: { readonly expected: number; readonly found: number }): number =>
  Math.abs(found - expected);

function noneRuns(path: string, trials: readonly BackendTrial[]): ModelError {
  const why = trials.map(({ backend, refusal }) => `\n  ${backend}: ${refusal}`).join('');
  return new ModelError(`${path}: expected a model that some backend can run, found none:${why}`);
}

function goldenText(manifest: ModelManifest, { records }: GoldenRows, outputs: ExportOutputs): string {
  const lines = records.map((record, index) => {
    const own = manifest.outputs.map(({ name, as }) => [as, outputs[name]?.[index] ?? []]);
    const golden = { record, outputs: Object.fromEntries(own) };
    return Buffer.from(codecs.json.encode(golden)).toString();
  });
  return `[\n${lines.join(',\n')}\n]\n`;
}
