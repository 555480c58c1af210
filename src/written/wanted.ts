// Reads a value in the way that its key wants. If the schema wants text, the text is taken as it
// stands: "1.10" is no number, and 007 is not 7. Everything else is what YAML takes it for.

import { z } from 'zod';
import { plainOf, type YamlNode } from './yaml.ts';

/** The value of a part of a document for a key of this type. */
export function wanted(written: YamlNode, type: z.ZodType): unknown {
  const inner = bare(type);
  if (written.kind === 'list' && inner instanceof z.ZodArray)
    return written.items.map((each) => wanted(each, inner.element as z.ZodType));
  if (written.kind === 'map' && (inner instanceof z.ZodRecord || inner instanceof z.ZodObject))
    return Object.fromEntries(
      [...written.entries].map(([name, { value }]) => {
        const part =
          inner instanceof z.ZodRecord
            ? inner.valueType
            : Object.hasOwn(inner.shape, name)
              ? inner.shape[name]
              : undefined;
        return [name, part === undefined ? plainOf(value) : wanted(value, part as z.ZodType)];
      }),
    );
  if (written.kind !== 'scalar') return plainOf(written);
  const isNumberOrSo = written.value !== null && typeof written.value !== 'string';
  return isNumberOrSo && wantsText(type) ? written.text : written.value;
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
