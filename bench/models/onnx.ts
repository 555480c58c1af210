// Writes an Mlp as an ONNX model, for onnxruntime. Field numbers are those of onnx.proto
// (https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto).

import { writeFileSync } from 'node:fs';
import type { Mlp } from './mlp.ts';
import { encoded, floats, integer, message, text, type Write } from './protobuf.ts';
import { INPUT, OUTPUT } from './saved-model.ts';

const FLOAT = 1;
const IR_VERSION = 7;
const OPSET = 13;

const node = (op: string, inputs: readonly string[], output: string): Write =>
  message(1, ...inputs.map((input) => text(1, input)), text(2, output), text(3, output), text(4, op));

const initializer = (name: string, values: Float32Array, sizes: readonly number[]): Write =>
  message(5, ...sizes.map((size) => integer(1, size)), integer(2, FLOAT), text(8, name), floats(9, values));

/** A graph's input or output: [records, width] floats. */
const value = (tag: number, name: string, width: number): Write => {
  const shape = message(2, message(1, text(2, 'records')), message(1, integer(1, width)));
  return message(tag, text(1, name), message(2, message(1, integer(1, FLOAT), shape)));
};

/** Input `features` [records, width], output `score` [records, 1]. */
export function writeOnnx(file: string, { name: graphName, width, layers }: Mlp): void {
  let last = INPUT;
  const nodes = layers.flatMap(({ name, kernel, bias, inputs, outputs }, index) => {
    const isLast = index === layers.length - 1;
    const before = last;
    last = isLast ? OUTPUT : `${name}_out`;
    return [
      initializer(`${name}_kernel`, kernel, [inputs, outputs]),
      initializer(`${name}_bias`, bias, [outputs]),
      node('Gemm', [before, `${name}_kernel`, `${name}_bias`], `${name}_sum`),
      node(isLast ? 'Sigmoid' : 'Relu', [`${name}_sum`], last),
    ];
  });
  const graph = message(7, ...nodes, text(2, graphName), value(11, INPUT, width), value(12, OUTPUT, 1));
  const opset = message(8, integer(2, OPSET));
  writeFileSync(file, encoded(integer(1, IR_VERSION), graph, opset));
}
