// A model without its ZipMaps. A ZipMap makes a map for each record out of a tensor, and
// onnxruntime-node cannot give out maps. The tensor holds the same probabilities, so it is made the
// output. All else of the file stays as it is, byte by byte.

import { PbfReader, PbfWriter } from 'pbf';
import type { ZipMap } from './onnx-file.ts';

const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, output: 12 } as const;
const NODE = { op: 4 } as const;
const VALUE = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR = { elementType: 1 } as const;
const FLOAT = 1;

/** The bytes of a model that gives the tensor of each ZipMap under the tensor's own name. */
export const withoutZipMaps = (bytes: Uint8Array, zipMaps: readonly ZipMap[]): Uint8Array =>
  rewritten(bytes, (field, content) =>
    field === MODEL.graph ? (writer) => writer.writeBytesField(field, graphWithout(content, zipMaps)) : null,
  );

const graphWithout = (graph: Uint8Array, zipMaps: readonly ZipMap[]): Uint8Array =>
  rewritten(graph, (field, content) => {
    if (field === GRAPH.node) return textIn(content, NODE.op) === 'ZipMap' ? () => {} : null;
    if (field !== GRAPH.output) return null;
    const zipMap = zipMaps.find(({ to }) => to === textIn(content, VALUE.name));
    return zipMap === undefined ? null : (writer) => writeOutput(writer, zipMap.from);
  });

/** A tensor of floats, of whatever shape. */
const writeOutput = (writer: PbfWriter, name: string): void =>
  writer.writeMessage(
    GRAPH.output,
    (_, value) => {
      value.writeStringField(VALUE.name, name);
      value.writeMessage(
        VALUE.type,
        (__, type) =>
          type.writeMessage(
            TYPE.tensor,
            (___, tensor) => tensor.writeVarintField(TENSOR.elementType, FLOAT),
            null,
          ),
        null,
      );
    },
    null,
  );

type Write = (writer: PbfWriter) => void;

/** Each field as it is, unless `change` returns what is to be written in its place. */
function rewritten(
  message: Uint8Array,
  change: (field: number, content: Uint8Array) => Write | null,
): Uint8Array {
  const reader = new PbfReader(message);
  const parts: Uint8Array[] = [];
  while (reader.pos < message.length) {
    const start = reader.pos;
    const key = reader.readVarint();
    const isBytes = (key & 7) === 2;
    const content = isBytes ? reader.readBytes() : null;
    if (!isBytes) reader.skip(key);
    const write = content === null ? null : change(key >>> 3, content);
    if (write === null) {
      parts.push(message.subarray(start, reader.pos));
      continue;
    }
    const writer = new PbfWriter();
    write(writer);
    parts.push(writer.finish());
  }
  return Buffer.concat(parts);
}

function textIn(message: Uint8Array, wanted: number): string {
  const reader = new PbfReader(message);
  let text = '';
  reader.readFields((field) => {
    if (field === wanted) text = reader.readString();
  }, null);
  return text;
}
