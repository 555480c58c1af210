// The walker of JSON on a text that has other bytes around it.

import { JsonWalker } from '../../src/codec/json-walk.ts';

/** What goes on as a value would, but is none of it. */
export const AROUND = '1"\\ua{[,:0.5e9truefalsenull';

export function walkerOn(
  text: string,
  nestingMax?: number,
): { readonly walker: JsonWalker; readonly bytes: Buffer } {
  const bytes = Buffer.from(`${AROUND}${text}${AROUND}`);
  const walker = new JsonWalker(nestingMax);
  walker.reset(bytes, AROUND.length, bytes.length - AROUND.length);
  return { walker, bytes };
}
