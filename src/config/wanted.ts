// Reads a value in the way that its key wants. If the schema wants text, the text is taken as it
// stands: "1.10" is no number, and "s3cret #1" has no comment. Everything else is read as YAML.

import { parseDocument } from 'yaml';
import { z } from 'zod';

/**
 * The text is no YAML. The message gives the place, but nothing of the text, which may be a secret.
 */
export class YamlError extends Error {
  override readonly name = 'YamlError';
}

/**
 * The value that an environment variable or a flag gives to a key of this type. Throws `YamlError`.
 */
export const valueOfText = (text: string, type: z.ZodType): unknown =>
  wantsText(type) ? text : new YamlValue(text).as(type);

/**
 * A YAML document, read in two ways: with numbers, booleans and nulls, and with every scalar as its
 * text.
 */
export class YamlValue {
  readonly plain: unknown;
  readonly text: unknown;

  /** Throws `YamlError`. */
  constructor(source: string) {
    this.plain = read(source, 'core');
    this.text = read(source, 'failsafe');
  }

  as(type: z.ZodType): unknown {
    return wanted(this.plain, this.text, type);
  }
}

/** Chooses the value for a key of this type, from a document that was read in both ways. */
export function wanted(plain: unknown, text: unknown, type: z.ZodType): unknown {
  if (Array.isArray(plain)) {
    const element = bare(type);
    if (!(element instanceof z.ZodArray)) return plain;
    const texts = text as readonly unknown[];
    return plain.map((each, index) => wanted(each, texts[index], element.element as z.ZodType));
  }
  if (typeof plain === 'object' && plain !== null) {
    const record = bare(type);
    if (!(record instanceof z.ZodRecord)) return plain;
    const texts = text as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.entries(plain).map(([name, each]) => [
        name,
        wanted(each, texts[name], record.valueType as z.ZodType),
      ]),
    );
  }
  const isNumberOrSo = plain !== null && typeof plain !== 'string';
  return isNumberOrSo && typeof text === 'string' && wantsText(type) ? text : plain;
}

/** Whether the type takes any text. Then a number is text too. */
export function wantsText(type: z.ZodType): boolean {
  const inner = bare(type);
  if (inner instanceof z.ZodUnion) return inner.options.some((option) => wantsText(option as z.ZodType));
  return inner instanceof z.ZodString || inner instanceof z.ZodStringFormat || inner instanceof z.ZodEnum;
}

/** The type without its default and its transformation. */
export function bare(type: z.ZodType): z.ZodType {
  if (type instanceof z.ZodDefault || type instanceof z.ZodPrefault) return bare(type.unwrap() as z.ZodType);
  if (type instanceof z.ZodOptional || type instanceof z.ZodNullable) return bare(type.unwrap() as z.ZodType);
  if (type instanceof z.ZodPipe) return bare(type.in as z.ZodType);
  return type;
}

function read(source: string, schema: 'core' | 'failsafe'): unknown {
  const document = parseDocument(source, { schema, merge: true, prettyErrors: true, logLevel: 'silent' });
  // For the parser, an unknown tag is only a warning. But here the value would be lost: `password:
  // !hush`.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const position = problem.linePos?.[0];
    throw new YamlError(
      `${withoutSource(problem.message)}${position === undefined ? '' : ` at line ${position.line}, column ${position.col}`}`,
    );
  }
  try {
    return document.toJS() as unknown;
  } catch (error) {
    throw new YamlError(withoutSource((error as Error).message));
  }
}

/**
 * The parser quotes the text that it could not read: after a colon, after an escape, and in a
 * picture of the line below.
 */
const withoutSource = (message: string): string =>
  (message.split(/ at line |\n/)[0] as string)
    .replace(/:? *\\.*$/s, '')
    .replace(/: .*$/s, '')
    .replace(/[^\w)'"]+$/, '');
