// The operations of a graph model that a backend of TensorFlow.js cannot run, by name, before
// anything runs: TensorFlow.js itself names only the first that it meets.

import type { GraphModel } from '@tensorflow/tfjs-converter';
import { ModelError } from './model-error.ts';

/** As the converter holds a graph; its types keep it to themselves. */
interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Undefined for an operation that it does not know. */
  readonly category?: string;
  readonly inputs: readonly GraphNode[];
}
interface WithGraph {
  readonly executor: { readonly graph: { readonly nodes: Readonly<Record<string, GraphNode>> } };
}

/** Kinds of operations that TensorFlow.js gives only promises for. */
const ASYNCHRONOUS: ReadonlySet<string> = new Set(['control', 'dynamic', 'hash_table']);

/** Those that the backend in JavaScript has, and the one in WebAssembly has not. */
const LACKED_BY_WASM: ReadonlySet<string> = new Set([
  ...[
    'Complex',
    'ComplexAbs',
    'Real',
    'Imag',
    'FFT',
    'IFFT',
    'RFFT',
    'IRFFT',
    'Einsum',
    'StaticRegexReplace',
  ],
  ...['RaggedGather', 'RaggedRange', 'RaggedTensorToTensor', 'UnsortedSegmentSum'],
]);

/** `outputs`: the nodes that are asked for. Throws `ModelError`. */
export function refuseOperations(
  file: string,
  backend: 'wasm' | 'cpu',
  model: GraphModel,
  outputs: readonly string[],
): void {
  const { nodes } = (model as unknown as WithGraph).executor.graph;
  const [unknown, asynchronous, lacked] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const { op, category } of needed(nodes, outputs)) {
    if (category === undefined) unknown.add(op);
    else if (ASYNCHRONOUS.has(category)) asynchronous.add(op);
    else if (backend === 'wasm' && LACKED_BY_WASM.has(op)) lacked.add(op);
  }
  const found = [
    said(unknown, 'which TensorFlow.js does not know'),
    said(asynchronous, 'which TensorFlow.js runs only asynchronously'),
    said(lacked, 'which its WASM backend lacks'),
  ].filter((part) => part !== null);
  if (found.length === 0) return;
  throw new ModelError(
    `${file}: expected operations that the ${backend} backend can run, found ${found.join('; ')}. "scorelane models import" ` +
      'of the Keras file or SavedModel unrolls loops and writes Einsum as products of matrices; native runs all that TensorFlow has',
  );
}

const said = (names: ReadonlySet<string>, why: string): string | null =>
  names.size === 0 ? null : `${[...names].toSorted().join(', ')}, ${why}`;

/** All that the outputs are computed from. */
function needed(nodes: Readonly<Record<string, GraphNode>>, outputs: readonly string[]): Set<GraphNode> {
  const found = new Set<GraphNode>();
  const waiting = outputs.map((name) => nodes[name.replace(/:\d+$/, '')]);
  for (let node = waiting.pop(); node !== undefined || waiting.length > 0; node = waiting.pop()) {
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    waiting.push(...node.inputs);
  }
  return found;
}
