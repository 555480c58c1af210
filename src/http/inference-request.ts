// A request of the Open Inference Protocol: what it gives, and in which form it wants what.

import type { IncomingHttpHeaders } from 'node:http';
import type { ModelShape, ServedInput } from '../serving/served-model.ts';
import { mapOf } from './asked-model.ts';
import { inFewWords, RowsInTheMaking, shapeText } from './given-rows.ts';
import { Problem } from './problem.ts';

/** Before it the JSON ends, and the bytes of tensors begin. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

export const DATATYPES = { float32: 'FP32', int32: 'INT32', bool: 'BOOL', string: 'BYTES' } as const;
/** Whole numbers of a model may have 64 bits. */
export const OUTPUT_DATATYPES = { float: 'FP32', integer: 'INT64', flag: 'BOOL', text: 'BYTES' } as const;

export interface WantedOutput {
  /** Its place among those of the model. */
  readonly index: number;
  readonly isBinary: boolean;
}

export interface Inference {
  readonly id: string | undefined;
  readonly rows: RowsInTheMaking;
  readonly outputs: readonly WantedOutput[];
}

type Fields = Readonly<Record<string, unknown>>;

/** `takeRows` throws where there is no room. Throws a `Problem`. */
export function inferenceOf(
  body: Uint8Array,
  headers: IncomingHttpHeaders,
  model: ModelShape,
  takeRows: (rows: number) => void,
): Inference {
  const jsonBytes = jsonLength(body, headers);
  const request = mapOf(body.subarray(0, jsonBytes));
  const { id, inputs, outputs, parameters } = request;
  if (id !== undefined && typeof id !== 'string')
    throw new Problem(400, `id: expected text, found ${inFewWords(id)}`);
  const given = listOf(inputs, 'inputs');
  const rows = rowsIn(given, model);
  takeRows(rows);
  const made = new RowsInTheMaking(model.inputs, rows, body.byteLength);
  let byteAt = jsonBytes;
  given.forEach((each, index) => {
    const input = inputOf(model, each, `inputs[${index}]`);
    const size = binarySize(each, input.name);
    if (size === null) fillFromJson(made, input, each.data);
    else {
      if (each.data !== undefined)
        throw new Problem(400, `${input.name}: expected data or binary_data_size, found both`);
      if (byteAt + size > body.byteLength)
        throw new Problem(
          400,
          `${input.name}: expected ${size} bytes (binary_data_size), found ${body.byteLength - byteAt}`,
        );
      made.fillBinary(input, body.subarray(byteAt, byteAt + size));
      byteAt += size;
    }
  });
  if (byteAt !== body.byteLength)
    throw new Problem(
      400,
      `expected the body to end with the last tensor, found ${body.byteLength - byteAt} bytes more`,
    );
  return { id, rows: made, outputs: wantedOutputs(outputs, parameters, model) };
}

function jsonLength(body: Uint8Array, headers: IncomingHttpHeaders): number {
  const said = headers[JSON_LENGTH_HEADER];
  if (said === undefined) return body.byteLength;
  const length = Number(said);
  if (Number.isSafeInteger(length) && length > 0 && length <= body.byteLength) return length;
  throw new Problem(
    400,
    `${JSON_LENGTH_HEADER}: expected a number up to ${body.byteLength}, the length of the body, found ${said}`,
  );
}

function listOf(value: unknown, place: string): readonly Fields[] {
  if (!Array.isArray(value)) throw new Problem(400, `${place}: expected a list, found ${inFewWords(value)}`);
  for (const [index, each] of value.entries())
    if (typeof each !== 'object' || each === null || Array.isArray(each))
      throw new Problem(400, `${place}[${index}]: expected a map, found ${inFewWords(each)}`);
  return value as readonly Fields[];
}

/** Checks names, types and shapes; the number of rows, which all tensors have. */
function rowsIn(given: readonly Fields[], model: ModelShape): number {
  const names = given.map((each, index) => inputOf(model, each, `inputs[${index}]`).name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Problem(400, `inputs: expected each input once, found ${twice} twice`);
  const missing = model.inputs.find(({ name }) => !names.includes(name));
  if (missing !== undefined) throw new Problem(400, `inputs: ${missing.name} is missing`);
  const counts = given.map((each, index) => checkedRows(inputOf(model, each, `inputs[${index}]`), each));
  const [rows = 0] = counts;
  if (counts.some((count) => count !== rows))
    throw new Problem(400, `inputs: expected as many rows in each, found ${counts.join(', ')}`);
  return rows;
}

function inputOf({ inputs }: ModelShape, { name }: Fields, place: string): ServedInput {
  const input = inputs.find((each) => each.name === name);
  if (input !== undefined) return input;
  throw new Problem(
    400,
    `${place}: expected the name ${inputs.map((each) => each.name).join(' or ')}, found ${inFewWords(name)}`,
  );
}

function checkedRows(input: ServedInput, { datatype, shape }: Fields): number {
  const wanted = DATATYPES[input.type];
  if (datatype !== wanted)
    throw new Problem(400, `${input.name}: expected the datatype ${wanted}, found ${inFewWords(datatype)}`);
  const [rows, ...inner] = Array.isArray(shape) ? (shape as readonly unknown[]) : [];
  const isIt =
    inner.length === input.shape.length && inner.every((length, index) => length === input.shape[index]);
  if (!isIt || !Number.isSafeInteger(rows) || (rows as number) < 1)
    throw new Problem(
      400,
      `${input.name}: expected the shape ${shapeText('rows', input)} with at least one row, found ${JSON.stringify(shape) ?? 'none'}`,
    );
  return rows as number;
}

function fillFromJson(made: RowsInTheMaking, input: ServedInput, data: unknown): void {
  if (!Array.isArray(data))
    throw new Problem(400, `${input.name}: expected data, a list, found ${inFewWords(data)}`);
  if (input.shape.length > 0 && Array.isArray(data[0])) made.fillNested(input, data);
  else made.fill(input, data);
}

function parametersOf({ parameters }: Fields, place: string): Fields {
  if (parameters === undefined) return {};
  if (typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters)) {
    const shared = Object.keys(parameters).find((key) => key.startsWith('shared_memory'));
    if (shared !== undefined) throw new Problem(400, `${place}: shared memory is not served`);
    return parameters as Fields;
  }
  throw new Problem(400, `${place}: expected a map of parameters, found ${inFewWords(parameters)}`);
}

function binarySize(given: Fields, place: string): number | null {
  const { binary_data_size: size } = parametersOf(given, place);
  if (size === undefined) return null;
  if (Number.isSafeInteger(size) && (size as number) >= 0) return size as number;
  throw new Problem(400, `${place}: expected binary_data_size, a number of bytes, found ${inFewWords(size)}`);
}

function wantedOutputs(outputs: unknown, parameters: unknown, model: ModelShape): readonly WantedOutput[] {
  const { binary_data_output: isBinary = false } = parametersOf({ parameters }, 'parameters');
  if (outputs === undefined) return model.outputs.map((_, index) => ({ index, isBinary: isBinary === true }));
  // Many times the same one, and a small request has an answer of gigabytes.
  const seen = new Set<number>();
  return listOf(outputs, 'outputs').map((each, place) => {
    const index = model.outputs.findIndex(({ name }) => name === each.name);
    if (index < 0)
      throw new Problem(
        400,
        `outputs[${place}]: expected ${model.outputs.map(({ name }) => name).join(' or ')}, found ${inFewWords(each.name)}`,
      );
    if (seen.has(index))
      throw new Problem(400, `outputs: expected each output once, found ${inFewWords(each.name)} twice`);
    seen.add(index);
    const { binary_data: own = isBinary, classification } = parametersOf(each, `outputs[${place}]`);
    if (classification !== undefined)
      throw new Problem(400, `outputs[${place}]: classification is not served`);
    return { index, isBinary: own === true };
  });
}
