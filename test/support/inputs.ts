// Inputs of a model, as tests say them.

import type { FieldInput } from '../../src/features/spec.ts';

/** A field that is taken as it is. */
export const fieldInput = (path: string, more: Partial<FieldInput> = {}): FieldInput => ({
  kind: 'field',
  path,
  log1p: false,
  mean: 0,
  std: 1,
  ...more,
});
