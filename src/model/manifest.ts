// model.yaml: all that is needed to serve a model version. It is read once and checked in full. An
// error names the file and the key.

import { join } from 'node:path';
import { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { codecs } from '../codec/codecs.ts';
import { compilePlan, type FeaturePlan } from '../features/plan.ts';
import { planInput, type StatelessInput, widthOf } from '../features/spec.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { stateSchema } from '../features/window-spec.ts';
import { NoInputError, readTextFile } from '../written/file-trouble.ts';
import { type Finding, findingsOf, placed, problemIn } from '../written/problem.ts';
import { wanted } from '../written/wanted.ts';
import { readYaml, YamlError, type YamlNode } from '../written/yaml.ts';

/** A model cannot be served, and why. */
export class ModelError extends ScorelaneError {
  readonly code = 'SCORELANE_MODEL';
}

const manifestSchema = z.strictObject({
  name: z.string().min(1),
  version: z.union([z.int().positive(), z.string().min(1)]),
  inputs: z.array(planInput).min(1),
  /** The options of the windows among the inputs. */
  windows: stateSchema.prefault({}),
  outputs: z.array(z.string().min(1)).min(1),
  artefacts: z
    .strictObject({
      savedModel: z
        .strictObject({
          path: z.string().min(1),
          signature: z.string().default('serving_default'),
          input: z.string().min(1),
        })
        .optional(),
      web: z.strictObject({ path: z.string().min(1), input: z.string().min(1).optional() }).optional(),
    })
    .refine(({ savedModel, web }) => savedModel !== undefined || web !== undefined, {
      error: 'expected savedModel, web or both',
    }),
  golden: z.strictObject({ path: z.string().min(1), tolerance: z.number().positive() }),
});

const goldenSchema = z
  .array(
    z.strictObject({
      record: z.record(z.string(), z.unknown()),
      outputs: z.record(z.string(), z.array(z.number())),
      /** The record's timestamp, for inputs that use parts of it. */
      timestampMs: z.number().default(0),
      /** The record's key, for windows by that key. */
      key: z.string().optional(),
    }),
  )
  .min(1);

export type GoldenRecord = z.infer<typeof goldenSchema>[number];

export interface ModelManifest extends Omit<z.infer<typeof manifestSchema>, 'version'> {
  readonly version: string;
  /** The number of floats in a row of the model's input. */
  readonly width: number;
  /** The absolute path of the version's folder. The paths in the manifest are relative to it. */
  readonly folder: string;
}

/** Reads `folder/model.yaml`. Throws `ModelError`. */
export function readManifest(folder: string): ModelManifest {
  const file = join(folder, 'model.yaml');
  const document = documentIn(file, read(file));
  const { version, ...manifest } = check(
    file,
    () => document,
    manifestSchema,
    wanted(document, manifestSchema),
  );
  const width = manifest.inputs.reduce((sum, input) => sum + widthOf(input), 0);
  return { ...manifest, version: String(version), width, folder };
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
