// Protobuf messages as functions that write themselves, over pbf.

import { PbfWriter } from 'pbf';

export type Write = (writer: PbfWriter) => void;

export const message =
  (tag: number, ...fields: readonly Write[]): Write =>
  (writer) =>
    writer.writeMessage(tag, (_, inner) => all(...fields)(inner), null);

export const all =
  (...writes: readonly Write[]): Write =>
  (writer) => {
    for (const write of writes) write(writer);
  };

export const text =
  (tag: number, value: string): Write =>
  (writer) =>
    writer.writeStringField(tag, value);

export const integer =
  (tag: number, value: number): Write =>
  (writer) =>
    writer.writeVarintField(tag, value);

/** Little-endian, as both TensorFlow and ONNX keep raw floats. */
export const floats =
  (tag: number, values: Float32Array): Write =>
  (writer) =>
    writer.writeBytesField(tag, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

export function encoded(...fields: readonly Write[]): Uint8Array {
  const writer = new PbfWriter();
  all(...fields)(writer);
  return writer.finish();
}
