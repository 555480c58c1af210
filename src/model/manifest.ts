// model.yaml: all that is needed to serve a model version. It is read once and checked in full. An
// error names the file and the key.

import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { FeaturePlan } from '../features/feature-plan.ts';
import { compilePlan } from '../features/plan.ts';
import { type PlanInput, planInput, type StatelessInput, widthOf } from '../features/spec.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { stateSchema } from '../features/window-spec.ts';
import { type Finding, problemIn } from '../written/problem.ts';
import { wanted } from '../written/wanted.ts';
import { ModelError } from './model-error.ts';
import { checked, documentIn, exactJson, readJson, readModelFile } from './model-files.ts';
import { type DerivedResult, derivedResult, namesOf, sourceOf } from './results-spec.ts';
import { oneTensor, placeTensors, type Tensors, tensorsSchema } from './tensor-spec.ts';
import { readVocabulary, withLabels } from './vocabulary-file.ts';

/** What an output holds. Numbers of a model are floats unless model.yaml says otherwise. */
export const OUTPUT_TYPES = ['float', 'integer', 'flag', 'text'] as const;
export type OutputType = (typeof OUTPUT_TYPES)[number];

/** An output of the model: its name in the model's signature, and that in results. */
export interface ModelOutput {
  readonly name: string;
  readonly as: string;
  readonly type: OutputType;
  /** It is not written into results; `results` may be derived from it. */
  readonly hidden?: boolean;
  /** How far it may be from the golden one, if not as `golden` says. */
  readonly rtol?: number | undefined;
  readonly atol?: number | undefined;
}

const name = () => z.string().min(1);
const tolerance = () => z.number().nonnegative().optional();
const output = z.union([
  name().transform((own): ModelOutput => ({ name: own, as: own, type: 'float' })),
  z
    .strictObject({
      name: name(),
      as: name().optional(),
      type: z.enum(OUTPUT_TYPES).default('float'),
      hidden: z.boolean().default(false),
      rtol: tolerance(),
      atol: tolerance(),
    })
    .transform(({ as, ...rest }): ModelOutput => ({ ...rest, as: as ?? rest.name })),
]);

const manifestSchema = z.strictObject({
  name: name(),
  version: z.union([z.int().positive(), name()]),
  inputs: z.array(planInput).min(1).optional(),
  tensors: tensorsSchema.optional(),
  /** The options of the windows among the inputs. */
  windows: stateSchema.prefault({}),
  outputs: z.array(output).min(1),
  results: z.array(derivedResult).default([]),
  artefacts: z
    .strictObject({
      savedModel: z
        .strictObject({
          path: name(),
          signature: z.string().default('serving_default'),
          input: name().optional(),
        })
        .optional(),
      web: z.strictObject({ path: name(), input: name().optional() }).optional(),
      onnx: z.strictObject({ path: name(), input: name().optional() }).optional(),
    })
    .refine((artefacts) => Object.keys(artefacts).length > 0, {
      error: 'expected savedModel, web or onnx, one or more of them',
    }),
  golden: z.strictObject({ path: name(), tolerance: tolerance(), rtol: tolerance(), atol: tolerance() }),
  /** How features and outputs were distributed where it was made: `distribution.ts`. */
  distribution: z.strictObject({ path: name() }).optional(),
});

type Written = z.infer<typeof manifestSchema>;

/** An output may differ from the golden one by `atol + rtol * |golden|`. */
export interface GoldenFile {
  readonly path: string;
  readonly rtol: number;
  readonly atol: number;
}

/** About what float32 arithmetic in another order differs by. */
const [RTOL, ATOL] = [1e-4, 1e-5];

const goldenValue = z.union([z.number(), z.string(), z.boolean()]);

const goldenSchema = z
  .array(
    z.strictObject({
      record: z.record(z.string(), z.unknown()),
      outputs: z.record(
        z.string(),
        z.union([goldenValue.transform((value) => [value]), z.array(goldenValue)]),
      ),
      /** The record's timestamp, for inputs that use parts of it. */
      timestampMs: z.number().default(0),
      /** The record's key, for windows by that key. */
      key: z.string().optional(),
    }),
  )
  .min(1);

export type GoldenRecord = z.infer<typeof goldenSchema>[number];

export interface ModelManifest
  extends Pick<Written, 'name' | 'windows' | 'artefacts' | 'distribution'>,
    Tensors {
  readonly version: string;
  readonly outputs: readonly ModelOutput[];
  /** What is derived from outputs; labels are read. */
  readonly results: readonly DerivedResult[];
  readonly golden: GoldenFile;
  /** The number of cells in a row: the columns of all tensors. */
  readonly width: number;
  /** The absolute path of the version's folder. The paths in the manifest are relative to it. */
  readonly folder: string;
}

/** What is needed to compute features, before there is a model. */
export type ModelPlan = Pick<ModelManifest, 'name' | 'version' | 'windows' | 'inputs' | 'tensors' | 'width'>;

const planSchema = manifestSchema.partial({ outputs: true, artefacts: true, golden: true });
const partSchema = planSchema.partial({ name: true, version: true });

/** Reads `folder/model.yaml`. Throws `ModelError`. */
export function readManifest(folder: string): ModelManifest {
  const { written, ...opened } = open(manifestIn(folder), manifestSchema);
  const plan = planIn(written, opened);
  const golden = toleranceOf(written.golden, opened.complain);
  checkNames(written, opened.complain);
  const results = written.results.map((result) => withLabels(result, opened.readWords));
  const { savedModel, web, onnx } = written.artefacts;
  const { outputs, artefacts, distribution } = written;
  for (const path of [savedModel?.path, web?.path, onnx?.path, golden.path, distribution?.path])
    if (path !== undefined) opened.inside(path);
  opened.end();
  return { ...plan, outputs, results, artefacts, golden, distribution, folder };
}

/** Reads what `folder/model.yaml` says of inputs: the rest may be missing. Throws `ModelError`. */
export function readPlan(folder: string): ModelPlan {
  const { written, ...opened } = open(manifestIn(folder), planSchema);
  const plan = planIn(written, opened);
  opened.end();
  return plan;
}

/** What a file says that is a model.yaml, or the part of one that people write. */
export interface ManifestPart extends Tensors {
  /** Undefined where the file has none. */
  readonly outputs: readonly ModelOutput[] | undefined;
  /** The files of words and labels that it names, relative to its folder. */
  readonly files: readonly string[];
  /** Throws `ModelError` where its results are derived from something that is not there. */
  checkNames(outputs: readonly ModelOutput[]): void;
  /** An error about something in it. */
  wrong(path: readonly PropertyKey[], message: string): ModelError;
}

/** Throws `ModelError`. */
export function readManifestPart(file: string): ManifestPart {
  const { written, ...opened } = open(file, partSchema);
  const files: string[] = [];
  const readWords = (path: string): string => {
    files.push(path);
    return opened.readWords(path);
  };
  const { tensors, inputs } = tensorsOf(written, readWords, opened.complain);
  const { outputs, results } = written;
  for (const result of results) withLabels(result, readWords);
  opened.end();
  return {
    ...{ tensors, inputs, outputs, files },
    checkNames(of) {
      checkNames({ outputs: of, results }, opened.complain);
      opened.end();
    },
    wrong: opened.wrong,
  };
}

const manifestIn = (folder: string): string => join(folder, 'model.yaml');

interface Opened {
  readonly complain: Complain;
  wrong(path: readonly PropertyKey[], message: string): ModelError;
  /**
   * The path of a file of the model, which must not lead out of its folder. Throws `ModelError`.
   */
  inside(path: string): string;
  readWords(path: string): string;
  /** Throws `ModelError` for all complaints. */
  end(): void;
}

function open<T extends z.ZodType>(file: string, schema: T): Opened & { readonly written: z.infer<T> } {
  const folder = dirname(file);
  const document = documentIn(file, readModelFile(file));
  const written = checked(file, () => document, schema, wanted(document, schema));
  const findings: Finding[] = [];
  const findingOf = (path: readonly PropertyKey[], message: string): Finding => ({
    ...{ path, message, right: [], isOfKey: false },
  });
  const inside = (path: string): string => {
    const whole = resolve(folder, path);
    if (!isAbsolute(path) && whole.startsWith(resolve(folder) + sep)) return whole;
    throw new ModelError(
      `${file}: expected a path inside of the model's folder, found ${JSON.stringify(path)}`,
    );
  };
  return {
    written,
    complain: (path, message) => void findings.push(findingOf(path, message)),
    wrong: (path, message) => new ModelError(problemIn(file, document, findingOf(path, message))),
    inside,
    readWords: (path) => readModelFile(inside(path)),
    end() {
      if (findings.length > 0)
        throw new ModelError(findings.map((finding) => problemIn(file, document, finding)).join('\n'));
    },
  };
}

function planIn(
  written: Pick<Written, 'name' | 'version' | 'windows' | 'inputs' | 'tensors'>,
  { readWords, complain }: Opened,
): ModelPlan {
  const placed = tensorsOf(written, readWords, complain);
  const width = placed.inputs.reduce((sum, input) => sum + widthOf(input), 0);
  return { name: written.name, version: String(written.version), windows: written.windows, ...placed, width };
}

type Complain = (path: readonly PropertyKey[], message: string) => void;

/** A result is derived from an output, or from a result before it. */
function checkNames(
  { outputs, results }: Pick<ModelManifest, 'outputs' | 'results'>,
  complain: Complain,
): void {
  const names = new Set<string>();
  const add = (name: string, path: readonly PropertyKey[]): void => {
    if (names.has(name)) complain(path, `expected each name once, found ${JSON.stringify(name)} twice`);
    names.add(name);
  };
  for (const [index, { as: name }] of outputs.entries()) add(name, ['outputs', index]);
  for (const [index, result] of results.entries()) {
    if (!names.has(sourceOf(result)))
      complain(
        ['results', index, result.kind],
        `expected an output or a result before it, one of ${[...names].join(', ')}, found ${JSON.stringify(sourceOf(result))}`,
      );
    for (const name of namesOf(result)) add(name, ['results', index]);
  }
}

function tensorsOf(
  { inputs, tensors }: Pick<Written, 'inputs' | 'tensors'>,
  readWords: (file: string) => string,
  complain: Complain,
): Tensors {
  if ((inputs === undefined) === (tensors === undefined))
    complain(inputs === undefined ? [] : ['inputs'], 'expected inputs or tensors, one of them');
  const within = (key: string) => (path: readonly PropertyKey[], message: string) =>
    complain([key, ...path], message);
  const withWords = (input: PlanInput): PlanInput => readVocabulary(input, readWords);
  return tensors === undefined
    ? oneTensor((inputs ?? []).map(withWords), within('inputs'))
    : placeTensors(
        tensors.map((tensor) => ({ ...tensor, inputs: tensor.inputs.map(withWords) })),
        within('tensors'),
      );
}

function toleranceOf(
  { path, tolerance: absolute, rtol, atol }: Written['golden'],
  complain: Complain,
): GoldenFile {
  if (absolute === undefined) return { path, rtol: rtol ?? RTOL, atol: atol ?? ATOL };
  if (rtol !== undefined || atol !== undefined)
    complain(['golden', 'tolerance'], 'expected tolerance, or rtol and atol, not both');
  return { path, rtol: 0, atol: absolute };
}

/** Whether its features need more than the record itself. */
export const keepsState = ({ inputs }: ModelManifest): boolean =>
  inputs.some(({ kind }) => kind === 'window');

/** The inputs of a model that keeps no state. */
export function statelessInputs({ name, version, inputs }: ModelManifest): StatelessInput[] {
  return inputs.map((input) => {
    if (input.kind !== 'window') return input;
    throw new ModelError(`model ${name} version ${version} has windows among its inputs`);
  });
}

/** The model's feature plan. With windows, it has an empty state. */
export const planOf = (manifest: ModelManifest): FeaturePlan =>
  keepsState(manifest)
    ? new StatefulPlan(manifest.inputs, manifest.windows)
    : compilePlan(statelessInputs(manifest));

export const readGolden = ({ folder, golden }: ModelManifest): GoldenRecord[] =>
  readJson(join(folder, golden.path), goldenSchema, exactJson);
