// The Avro schema of results. All results of a model have the same schema.

import type { GoldenRecord, ModelManifest, OutputType } from '../model/manifest.ts';
import { type ResultField, resultFields } from '../model/result-columns.ts';
import { FEATURES, nameOfId } from './result-names.ts';

export interface AvroResultShape {
  readonly idPaths: readonly string[];
  readonly outputs: readonly AvroField[];
}

/** A result's field; features may have whole numbers that only a double has. */
export type AvroField = Omit<ResultField, 'type'> & { readonly type: OutputType | 'double' };

const TYPES: Readonly<Record<AvroField['type'], string>> = {
  double: 'double',
  float: 'float',
  integer: 'long',
  flag: 'boolean',
  text: 'string',
};

/** The fields that come from the model. With the features, if results carry those. */
export function avroOutputs(
  manifest: Pick<ModelManifest, 'outputs' | 'results' | 'tensors'>,
  golden: readonly GoldenRecord[],
  features: boolean,
): AvroResultShape['outputs'] {
  const fields = resultFields(manifest, golden);
  const isFloat = manifest.tensors.every(({ type }) => type === 'float32');
  return features
    ? [...fields, { name: FEATURES, type: isFloat ? 'float' : 'double', isList: true }]
    : fields;
}

/**
 * The types of an id. A value of another type is written as its JSON text, and a larger integer as
 * its digits.
 */
const ID_TYPES = ['null', 'boolean', 'long', 'double', 'string'];

/** Avro allows fewer letters in a name than a path may have. All others become underscores. */
export const avroNameOf = (name: string): string =>
  name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');

/**
 * The schema of the results, as JSON. Throws `RangeError` if two fields would have the same name.
 */
export function resultSchema({ idPaths, outputs }: AvroResultShape): string {
  const fields = [
    ...idPaths.map((path) => ({ name: avroNameOf(nameOfId(path)), type: ID_TYPES, default: null })),
    ...outputs.map(({ name, isList, type }) => ({
      name: avroNameOf(name),
      type: isList ? { type: 'array', items: TYPES[type] } : TYPES[type],
    })),
    { name: 'model', type: 'string' },
    { name: 'version', type: 'string' },
  ];
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new RangeError(`two fields of a result would be named ${twice} in Avro`);
  return JSON.stringify({ type: 'record', name: 'Result', namespace: 'scorelane', fields });
}
