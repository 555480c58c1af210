// The answer of the Open Inference Protocol: JSON, and behind it the bytes of those tensors that
// were wanted so.

import type { OutputColumn } from '../model/predictor.ts';
import type { ModelShape, ServedOutput } from '../serving/served-model.ts';
import { jsonValues } from './asked-model.ts';
import { type Inference, JSON_LENGTH_HEADER, OUTPUT_DATATYPES } from './inference-request.ts';

export interface InferenceAnswer {
  readonly body: Uint8Array | string;
  readonly headers: Readonly<Record<string, string>>;
}

export function inferenceAnswer(
  { name, version, outputs }: ModelShape,
  { id, rows, outputs: wanted }: Inference,
  columns: readonly OutputColumn[],
): InferenceAnswer {
  const bytes: Uint8Array[] = [];
  const told = wanted.map(({ index, isBinary }) => {
    const output = outputs[index] as ServedOutput;
    const column = columns[index] as OutputColumn;
    const shape = [rows.rows, column.length / rows.rows];
    const tensor = { name: output.name, datatype: OUTPUT_DATATYPES[output.type], shape };
    if (!isBinary) return { ...tensor, data: jsonValues(output, column) };
    const data = binaryOf(output, column);
    bytes.push(data);
    return { ...tensor, parameters: { binary_data_size: data.byteLength } };
  });
  const json = JSON.stringify({ model_name: name, model_version: version, id, outputs: told });
  if (bytes.length === 0)
    return { body: json, headers: { 'content-type': 'application/json; charset=utf-8' } };
  const start = Buffer.from(json);
  return {
    body: Buffer.concat([start, ...bytes]),
    headers: { 'content-type': 'application/octet-stream', [JSON_LENGTH_HEADER]: String(start.byteLength) },
  };
}

/** Little-endian; texts each after their length. */
function binaryOf({ type }: ServedOutput, column: OutputColumn): Uint8Array {
  if (type === 'text')
    return Buffer.concat(
      (column as readonly string[]).flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(text));
        return [length, Buffer.from(text)];
      }),
    );
  if (type === 'flag') return column as Uint8Array;
  const size = type === 'integer' ? 8 : 4;
  const bytes = Buffer.alloc(column.length * size);
  (column as Float32Array).forEach((value, index) => {
    if (type === 'integer') bytes.writeBigInt64LE(BigInt(value), index * size);
    else bytes.writeFloatLE(value, index * size);
  });
  return bytes;
}
