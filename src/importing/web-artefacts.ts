// A TensorFlow.js model of the user's own: copied as it is, with what its signature says. A graph
// model without a signature gets one: its inputs are what nothing computes, its outputs what
// nothing uses.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import type { TensorType } from '../features/tensor-type.ts';
import { ModelError } from '../model/model-error.ts';
import { readWebDocument, readWeights, type WebDocument } from '../model/web-files.ts';
import { layersSignature } from '../model/web-layers.ts';
import type { Exported, ExportedTensor } from './exported.ts';

const TYPES: Readonly<Record<string, TensorType>> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
};

const dimension = z.object({ size: z.coerce.number() });
const entry = z.looseObject({
  name: z.string(),
  dtype: z.string(),
  tensorShape: z.looseObject({ dim: z.array(dimension).default([]) }),
});
type Entry = z.infer<typeof entry>;
const signed = z.looseObject({
  signature: z.looseObject({ inputs: z.record(z.string(), entry), outputs: z.record(z.string(), entry) }),
});

/** Writes model.json and its weights into the folder. Rejects with `ModelError`. */
export async function copyWebModel(file: string, folder: string): Promise<Exported> {
  const document = readWebDocument(file);
  // Reads them to the end: what is missing or cut is told now.
  readWeights(file, document);
  copyWeights(file, document, folder);
  const isGraph = document.format === 'graph-model';
  const written = isGraph && !signed.safeParse(document).success ? withSignature(file, document) : document;
  if (written === document) copyFileSync(file, join(folder, 'model.json'));
  else writeFileSync(join(folder, 'model.json'), `${JSON.stringify(written)}\n`);
  const own = isGraph ? ofGraph(file, written) : await layersSignature(file, document);
  return {
    kind: isGraph ? 'graph model of TensorFlow.js' : 'layers model of TensorFlow.js',
    madeWith: String(document.generatedBy ?? 'TensorFlow.js'),
    signatures: null,
    ...own,
    parameters: null,
    operations: isGraph ? operationsOf(document) : null,
    savedModel: { missing: 'a TensorFlow.js model has no SavedModel: import what it was converted from' },
    onnx: { missing: 'it is no .onnx file' },
    web: { path: 'model.json', nodes: nodesIn(document).length, unrolled: [] },
  };
}

function copyWeights(file: string, { weightsManifest }: WebDocument, folder: string): void {
  for (const path of weightsManifest.flatMap(({ paths }) => paths)) {
    if (isAbsolute(path) || normalize(path).startsWith('..'))
      throw new ModelError(
        `${file}: expected weights beside model.json, found the path ${JSON.stringify(path)}`,
      );
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(dirname(file), path), join(folder, path));
  }
}

interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

const nodesIn = ({ modelTopology }: WebDocument): readonly GraphNode[] =>
  (modelTopology as { readonly node?: readonly GraphNode[] }).node ?? [];

function operationsOf(document: WebDocument): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of nodesIn(document)) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

const placeholder = z.looseObject({
  dtype: z.object({ type: z.string() }),
  shape: z.object({ shape: z.looseObject({ dim: z.array(dimension).default([]) }) }),
});

function withSignature(file: string, document: WebDocument): WebDocument {
  const nodes = nodesIn(document);
  const used = new Set(
    nodes.flatMap(({ input = [] }) => input.map((name) => name.replace(/^\^|:\d+$/g, ''))),
  );
  const inputs = nodes.filter(({ op }) => op === 'Placeholder');
  const outputs = nodes.filter(({ name, op }) => !used.has(name) && op !== 'Placeholder' && op !== 'Const');
  if (inputs.length === 0 || outputs.length === 0)
    throw new ModelError(`${file}: expected a graph with inputs and outputs, found none`);
  const tensor = ({ name, attr }: GraphNode): Entry => {
    const { success, data } = placeholder.safeParse(attr);
    if (!success)
      throw new ModelError(`${file}: expected a type and a shape for the input "${name}", found none`);
    return { name: `${name}:0`, dtype: data.dtype.type, tensorShape: data.shape.shape };
  };
  const open = (name: string): Entry => ({
    name: `${name}:0`,
    dtype: 'DT_FLOAT',
    tensorShape: { dim: [{ size: -1 }, { size: -1 }] },
  });
  return {
    ...document,
    signature: {
      inputs: Object.fromEntries(inputs.map((node) => [node.name, tensor(node)])),
      outputs: Object.fromEntries(outputs.map(({ name }) => [name, open(name)])),
    },
  };
}

function ofGraph(file: string, document: WebDocument): Pick<Exported, 'inputs' | 'outputs'> {
  const { signature } = signed.parse(document);
  const tensors = (entries: Readonly<Record<string, Entry>>): ExportedTensor[] =>
    Object.entries(entries).map(([name, { dtype, tensorShape }]) => {
      const type = TYPES[dtype];
      if (type === undefined)
        throw new ModelError(
          `${file}: expected float32, int32, bool or string for "${name}", found ${dtype}`,
        );
      const shape = tensorShape.dim.slice(1).map(({ size }) => (size > 0 ? size : null));
      return { name, type, shape };
    });
  return { inputs: tensors(signature.inputs), outputs: tensors(signature.outputs) };
}
