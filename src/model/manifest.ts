// model.yaml: all that is needed to serve a model version. It is read once and checked in full. An
// error names the file and the key.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { codecs } from '../codec/codecs.ts';
import { compilePlan, type FeaturePlan } from '../features/plan.ts';
import { planInput, type StatelessInput, widthOf } from '../features/spec.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { stateSchema } from '../features/window-spec.ts';

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
  const given: unknown = parse(read(file));
  if (typeof given === 'object' && given !== null && 'state' in given)
    throw new ModelError(`${file} is not a valid model: state: is called windows now`);
  const { version, ...manifest } = check(file, manifestSchema, given);
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

export function readGolden({ folder, golden }: ModelManifest): GoldenRecord[] {
  const file = join(folder, golden.path);
  const bytes = Buffer.from(read(file));
  return check(file, goldenSchema, codecs.json.decode(bytes, 0, bytes.length));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ModelError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function check<T extends z.ZodType>(file: string, schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || '(whole file)'}: ${message}`,
  );
  throw new ModelError(`${file} is not a valid model: ${issues.join('; ')}`);
}
