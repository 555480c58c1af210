// The text that an environment variable or a flag gives to a key. If the schema wants text, it is
// taken as it stands: "s3cret #1" has no comment. Everything else is read as YAML.

import { z } from 'zod';
import { bare, wanted, wantsText } from '../written/wanted.ts';
import { readYaml } from '../written/yaml.ts';

/** A list may be written with commas alone. Throws `YamlError`. */
export function valueOfText(text: string, type: z.ZodType): unknown {
  if (wantsText(type)) return text;
  const inner = bare(type);
  if (!(inner instanceof z.ZodArray) || text.trimStart().startsWith('[')) return wanted(readYaml(text), type);
  if (text.trim() === '') return [];
  return text.split(',').map((each) => valueOfText(each.trim(), inner.element as z.ZodType));
}
