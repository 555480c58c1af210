// model.yaml: all that is needed to serve a model version. It is read once and checked in full. An
// error names the file and the key.

import { isAbsolute, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { codecs } from '../codec/codecs.ts';
import type { FeaturePlan } from '../features/feature-plan.ts';
import { compilePlan } from '../features/plan.ts';
import { type PlanInput, planInput, type StatelessInput, widthOf } from '../features/spec.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { stateSchema } from '../features/window-spec.ts';
import { NoInputError, readTextFile } from '../written/file-trouble.ts';
import { type Finding, findingsOf, placed, problemIn } from '../written/problem.ts';
import { wanted } from '../written/wanted.ts';
import { readYaml, YamlError, type YamlNode } from '../written/yaml.ts';
import { ModelError } from './model-error.ts';
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
}

const name = () => z.string().min(1);
const output = z.union([
  name().transform((own): ModelOutput => ({ name: own, as: own, type: 'float' })),
  z
    .strictObject({
      name: name(),
      as: name().optional(),
      type: z.enum(OUTPUT_TYPES).default('float'),
      hidden: z.boolean().default(false),
    })
    .transform(({ as, ...rest }): ModelOutput => ({ ...rest, as: as ?? rest.name })),
]);

const tolerance = () => z.number().nonnegative().optional();

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

export interface ModelManifest extends Pick<Written, 'name' | 'windows' | 'artefacts'>, Tensors {
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

/** Reads `folder/model.yaml`. Throws `ModelError`. */
export function readManifest(folder: string): ModelManifest {
  const file = join(folder, 'model.yaml');
  const document = documentIn(file, read(file));
  const written = check(file, () => document, manifestSchema, wanted(document, manifestSchema));
  const findings: Finding[] = [];
  const complain = (path: readonly PropertyKey[], message: string): void =>
    void findings.push({ path, message, right: [], isOfKey: false });
  const readWords = (path: string): string => read(inside(file, folder, path));
  const placed = tensorsOf(written, readWords, complain);
  const golden = toleranceOf(written.golden, complain);
  checkNames(written, complain);
  const results = written.results.map((result) => withLabels(result, readWords));
  const { savedModel, web } = written.artefacts;
  for (const path of [savedModel?.path, web?.path, golden.path])
    if (path !== undefined) inside(file, folder, path);
  if (findings.length > 0)
    throw new ModelError(findings.map((finding) => problemIn(file, document, finding)).join('\n'));
  const { name, version, windows, outputs, artefacts } = written;
  const width = placed.inputs.reduce((sum, input) => sum + widthOf(input), 0);
  return {
    name,
    version: String(version),
    ...placed,
    windows,
    outputs,
    results,
    artefacts,
    golden,
    width,
    folder,
  };
}

/** The path of a file of the model, which must not lead out of its folder. Throws `ModelError`. */
function inside(file: string, folder: string, path: string): string {
  const whole = resolve(folder, path);
  if (!isAbsolute(path) && whole.startsWith(resolve(folder) + sep)) return whole;
  throw new ModelError(
    `${file}: expected a path inside of the model's folder, found ${JSON.stringify(path)}`,
  );
}

type Complain = (path: readonly PropertyKey[], message: string) => void;

/** A result is derived from an output, or from a result before it. */
function checkNames({ outputs, results }: Written, complain: Complain): void {
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
  { inputs, tensors }: Written,
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

function exactJson(text: string): unknown {
  const bytes = Buffer.from(text);
  return codecs.json.decode(bytes, 0, bytes.length);
}

/** Reads and checks a JSON file of the model. Throws `ModelError`. */
export function readJson<T extends z.ZodType>(
  file: string,
  schema: T,
  parse: (text: string) => unknown,
): z.infer<T> {
  const text = read(file);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ModelError(`${file}: ${refusalOf(text)}`, { cause: error });
  }
  // JSON is YAML too, and there each value has a place.
  return check(file, () => documentIn(file, text), schema, value);
}

/** What is wrong with a text that is no JSON, whatever has parsed it. */
function refusalOf(text: string): string {
  try {
    exactJson(text);
    return 'expected JSON, found text that cannot be read';
  } catch (error) {
    return (error as Error).message;
  }
}

function read(file: string): string {
  try {
    return readTextFile(file);
  } catch (error) {
    if (error instanceof NoInputError) throw new ModelError(error.message, { cause: error });
    throw error;
  }
}

function documentIn(file: string, text: string): YamlNode {
  try {
    return readYaml(text);
  } catch (error) {
    if (error instanceof YamlError)
      throw new ModelError(`${placed(file, error.place)}: ${error.message}`, { cause: error });
    throw error;
  }
}

function check<T extends z.ZodType>(
  file: string,
  document: () => YamlNode,
  schema: T,
  value: unknown,
): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = findingsOf(result.error).map((finding) => problemIn(file, document(), renamed(finding)));
  throw new ModelError(problems.join('\n'));
}

const renamed = (finding: Finding): Finding =>
  finding.isOfKey && finding.path.join('.') === 'state'
    ? { ...finding, message: 'expected its new name windows, found the old one' }
    : finding;
