// What TensorFlow says of a model that it refuses. It is added to our words where it helps. What
// JavaScript says when a part is missing helps nobody.

import { isUnforeseen } from '../base/errors.ts';

/** ` (its first sentence)`, or nothing. */
export function inBrackets(error: unknown): string {
  if (!(error instanceof Error) || isUnforeseen(error)) return '';
  const [first = ''] = error.message.split(/\.(?: |$)|\n/);
  return first === '' ? '' : ` (${first})`;
}
