// The text of model.yaml for an imported model, with comments where somebody should look.

import { parseDocument } from 'yaml';
import { DISTRIBUTION_FILE } from '../model/distribution.ts';
import type { ModelOutput } from '../model/manifest.ts';
import type { Exported } from './exported.ts';
import type { GuessedInputs } from './guess.ts';
import type { Tolerance } from './tolerance.ts';

export interface ManifestParts {
  readonly name: string;
  readonly version: number;
  /** Where it comes from, for the head. */
  readonly source: string;
  readonly features: string;
  readonly outputs: readonly ModelOutput[];
  readonly savedModel: { readonly path: string; readonly signature: string } | null;
  readonly web: { readonly path: string } | null;
  readonly onnx: { readonly path: string } | null;
  readonly tolerance: Tolerance;
  /** Whether there is a distribution.json. */
  readonly hasDistribution?: boolean;
}

const DISTRIBUTION_LINE = `distribution: { path: ${DISTRIBUTION_FILE} }`;

export function manifestText(parts: ManifestParts): string {
  const { name, version, source, features, outputs, savedModel, web, onnx, tolerance } = parts;
  const { hasDistribution = false } = parts;
  return [
    `# Written by "scorelane models import" from ${source}.`,
    `name: ${scalar(name)}`,
    `version: ${version}`,
    features.trimEnd(),
    'outputs: # `as` is the name in results: yours to choose, here and in golden.json',
    ...outputs.map((output) => `  - ${flow(needed(output))}`),
    'artefacts:',
    ...(savedModel === null ? [] : [`  savedModel: ${flow(savedModel)} # for native`]),
    ...(web === null ? [] : [`  web: ${flow(web)} # for wasm and cpu`]),
    ...(onnx === null ? [] : [`  onnx: ${flow(onnx)} # for onnx`]),
    `golden: ${flow({ path: 'golden.json', ...tolerance })}`,
    ...(hasDistribution ? [DISTRIBUTION_LINE] : []),
    '',
  ].join('\n');
}

/** What differs from what model.yaml has by default. */
const needed = ({ name, as, type, hidden, rtol, atol }: ModelOutput): object => ({
  ...{ name, as },
  ...(type === 'float' ? {} : { type }),
  ...(hidden === true ? { hidden } : {}),
  ...(rtol === undefined ? {} : { rtol }),
  ...(atol === undefined ? {} : { atol }),
});

/**
 * `inputs` for one tensor of floats in a row, else `tensors`. `basis`: what the fields are guessed
 * by.
 */
export function guessedFeatures(guessed: readonly GuessedInputs[], basis: string): string {
  const [only] = guessed;
  const isPlain = guessed.length === 1 && only?.tensor.type === 'float32' && only.tensor.shape.length === 1;
  if (isPlain) return [`inputs: # ${basis}`, ...entries(only, '  ')].join('\n');
  return [
    `tensors: # ${basis}`,
    ...guessed.flatMap((each) => [
      `  - name: ${scalar(each.tensor.name)}`,
      `    type: ${each.tensor.type}`,
      `    shape: ${flow(each.tensor.shape)}`,
      '    inputs:',
      ...entries(each, '      '),
    ]),
  ].join('\n');
}

const entries = ({ entries: all }: GuessedInputs, indent: string): string[] =>
  all.map((entry) => `${indent}- ${flow(entry)}`);

/** What a model.yaml says about features, as it is written there. */
const FEATURE_KEYS: ReadonlySet<string> = new Set(['inputs', 'tensors', 'windows', 'results']);

/** Those sections of a model.yaml, with their comments. */
export function featuresFrom(text: string): string {
  const document = parseDocument(text);
  const { contents } = document;
  if (contents !== null && 'items' in contents)
    contents.items = contents.items.filter(
      (item) => 'key' in item && FEATURE_KEYS.has(String(item.key)),
    ) as typeof contents.items;
  return document.toString({ lineWidth: 0 });
}

/** Names that frameworks number; one of them alone gets a better name. */
const NUMBERED = /^(?:output|dense|activation|StatefulPartitionedCall|Identity)(?:_\d+)?(?::\d+)?$/;

const OUTPUT_TYPE_OF = { float32: 'float', int32: 'integer', bool: 'flag', string: 'text' } as const;

export const outputsFor = ({ outputs }: Exported): ModelOutput[] =>
  outputs.map(({ name, type }) => ({
    name,
    as: outputs.length === 1 && NUMBERED.test(name) ? 'score' : name,
    type: OUTPUT_TYPE_OF[type],
  }));

/** A value in YAML's flow style. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${flow(each)}`)
      .join(', ')} }`;
  return scalar(value);
}

const PLAIN = /^[A-Za-z_][\w.-]*$/;
const WORDS_OF_YAML: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'yes',
  'no',
  'on',
  'off',
  'y',
  'n',
]);

function scalar(value: unknown): string {
  if (typeof value === 'number') return value !== 0 && value < 1e-3 ? value.toExponential() : String(value);
  if (typeof value === 'string' && PLAIN.test(value) && !WORDS_OF_YAML.has(value.toLowerCase())) return value;
  return JSON.stringify(value);
}
