// The files of a model that people write: model.yaml, golden.json, model.json. What is wrong in
// them is told with its place.

import { statSync } from 'node:fs';
import type { z } from 'zod';
import { codecs } from '../codec/codecs.ts';
import { NoInputError, readTextFile } from '../written/file-trouble.ts';
import { type Finding, findingsOf, placed, problemIn } from '../written/problem.ts';
import { readYaml, YamlError, type YamlNode } from '../written/yaml.ts';
import { ModelError } from './model-error.ts';

/** Far more than they have. Daemons read them while they score, and some come from servers. */
const FILE_BYTES_MAX = 2 ** 26;
/** Read with the place of each value, a text takes some hundred times its size. */
const YAML_CHARACTERS_MAX = 2 ** 20;

/** Reads and checks a JSON file of the model. Throws `ModelError`. */
export function readJson<T extends z.ZodType>(
  file: string,
  schema: T,
  parse: (text: string) => unknown,
): z.infer<T> {
  const text = readModelFile(file);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ModelError(`${file}: ${refusalOf(text)}`, { cause: error });
  }
  // JSON is YAML too, and there each value has a place.
  const document = (): YamlNode | null => (text.length > YAML_CHARACTERS_MAX ? null : documentIn(file, text));
  return checked(file, document, schema, value);
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

/** Throws `ModelError`. */
export function readModelFile(file: string): string {
  const size = sizeOf(file);
  if (size > FILE_BYTES_MAX)
    throw new ModelError(`${file}: expected a file of at most ${FILE_BYTES_MAX} bytes, found ${size}`);
  try {
    return readTextFile(file);
  } catch (error) {
    if (error instanceof NoInputError) throw new ModelError(error.message, { cause: error });
    throw error;
  }
}

/** Zero where that cannot be told: whoever reads the file says why. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** Throws `ModelError`. */
export function documentIn(file: string, text: string): YamlNode {
  if (text.length > YAML_CHARACTERS_MAX)
    throw new ModelError(
      `${file}: expected at most ${YAML_CHARACTERS_MAX} characters, found ${text.length}; long lists of words may stand in files beside it`,
    );
  try {
    return readYaml(text);
  } catch (error) {
    if (error instanceof YamlError)
      throw new ModelError(`${placed(file, error.place)}: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * The value by its schema. Throws `ModelError` for all that is wrong with it; without places where
 * the document is null.
 */
export function checked<T extends z.ZodType>(
  file: string,
  document: () => YamlNode | null,
  schema: T,
  value: unknown,
): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const read = document();
  const problems = findingsOf(result.error).map((finding) =>
    read === null
      ? `${file}: ${finding.path.join('.')}: ${finding.message}`
      : problemIn(file, read, renamed(finding)),
  );
  throw new ModelError(problems.join('\n'));
}

const renamed = (finding: Finding): Finding =>
  finding.isOfKey && finding.path.join('.') === 'state'
    ? { ...finding, message: 'expected its new name windows, found the old one' }
    : finding;

/** As records of JSON are read: integers past 2^53 keep their digits. */
export function exactJson(text: string): unknown {
  const bytes = Buffer.from(text);
  return codecs.json.decode(bytes, 0, bytes.length);
}
