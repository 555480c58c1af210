// What an export has found in a model, and what it has written of it: the answer of
// native-models/export.py, and the same for models that need no Python.

import { z } from 'zod';
import { TENSOR_TYPES } from '../features/tensor-type.ts';

const tensor = z.object({
  name: z.string().min(1),
  /** What can be fed, or is given. */
  type: z.enum(TENSOR_TYPES),
  /** Without the records; null where any length will do. */
  shape: z.array(z.int().positive().nullable()),
});

const missing = z.object({ missing: z.string() });

export const exportedSchema = z.object({
  kind: z.string(),
  madeWith: z.string(),
  /** The signatures of a SavedModel. */
  signatures: z.array(z.string()).nullable(),
  inputs: z.array(tensor).min(1),
  outputs: z.array(tensor).min(1),
  parameters: z.int().nullable(),
  /** How often each operation stands in the graph; null where that is not known. */
  operations: z.record(z.string(), z.int()).nullable(),
  savedModel: z.union([missing, z.object({ path: z.string(), signature: z.string() })]),
  onnx: z.union([missing, z.object({ path: z.string() })]).default({ missing: 'it is no .onnx file' }),
  web: z.union([
    missing,
    z.object({
      path: z.string(),
      nodes: z.int(),
      unrolled: z.array(z.object({ loop: z.string(), steps: z.int() })),
    }),
  ]),
});

/** Paths are relative to the folder that was written to. */
export type Exported = z.infer<typeof exportedSchema>;
export type ExportedTensor = z.infer<typeof tensor>;

/** Flat lists of values, all records one after the other, by the names of the inputs. */
export type ExportRows = Readonly<Record<string, readonly (number | string | boolean)[]>>;

const value = z.union([z.number(), z.string()]);
/** By output, for each record its values. */
export const exportOutputsSchema = z.object({ outputs: z.record(z.string(), z.array(z.array(value))) });
export type ExportOutputs = z.infer<typeof exportOutputsSchema>['outputs'];
