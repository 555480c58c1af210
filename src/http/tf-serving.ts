// The REST interface of TensorFlow Serving: `:predict` with rows (`instances`) or columns
// (`inputs`), the status of a model, and its metadata. Its tensors are the model's own inputs.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OutputColumn } from '../model/predictor.ts';
import type { ModelShape, ServedInput, ServedOutput } from '../serving/served-model.ts';
import {
  answerErrors,
  bodyMapOf,
  jsonValues,
  modelNamed,
  modelsNamed,
  outputsOfRows,
  takeRows,
} from './asked-model.ts';
import { inFewWords, RowsInTheMaking } from './given-rows.ts';
import { Problem } from './problem.ts';
import { addRoutes, notAllowed } from './routes.ts';
import { type AskedModel, asked, bodyOf, type Serving, type ServingErrors, takeBodies } from './serving.ts';

const PREDICT = 'predict';
const SIGNATURE = 'serving_default';
const DTYPES = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL', string: 'DT_STRING' } as const;
const OUTPUT_DTYPES = { float: 'DT_FLOAT', integer: 'DT_INT64', flag: 'DT_BOOL', text: 'DT_STRING' } as const;

/** Below `/v1/models`. */
export function tfServingRoutes(
  app: FastifyInstance<Server>,
  serving: Serving,
  { limits, failed }: ServingErrors,
): void {
  app.addHook('onRequest', async (request) => checkMethod(request));
  takeBodies(app, serving.room, limits.bodyBytes);
  answerErrors(app, limits, failed);
  const status = async (request: FastifyRequest): Promise<object> => {
    await serving.look();
    const { model: name, version } = paramsOf(request);
    const models = version === undefined ? modelsNamed(serving, name) : [modelNamed(serving, name, version)];
    return {
      model_version_status: models.map((model) => ({
        version: model.version,
        state: 'AVAILABLE',
        status: { error_code: 'OK', error_message: '' },
      })),
    };
  };
  const metadata = async (request: FastifyRequest): Promise<object> => {
    await serving.look();
    const { model: name, version } = paramsOf(request);
    return metadataOf(modelNamed(serving, name, version));
  };
  const predict = async (request: FastifyRequest): Promise<object> => {
    const { model, version } = paramsOf(request);
    const [said, verb] = splitVerb(version ?? model);
    if (verb !== PREDICT)
      throw new Problem(404, `expected :${PREDICT} after the model, found ${JSON.stringify(verb)}`);
    const served = (): AskedModel =>
      version === undefined ? modelNamed(serving, said, undefined) : modelNamed(serving, model, said);
    return predicted(request, serving, served);
  };
  addRoutes(app, {
    '/:model': { GET: status, POST: predict },
    '/:model/metadata': { GET: metadata },
    '/:model/versions/:version': { GET: status, POST: predict },
    '/:model/versions/:version/metadata': { GET: metadata },
  });
}

const paramsOf = ({ params }: FastifyRequest): { readonly model: string; readonly version?: string } =>
  params as { readonly model: string; readonly version?: string };

/** A verb is a part of the name for the framework, and which methods a path has depends on it. */
function checkMethod(request: FastifyRequest): void {
  const { method, routeOptions } = request;
  const { url } = routeOptions;
  if (url === undefined || url.endsWith('/metadata')) return;
  const { model, version } = paramsOf(request);
  const [, verb] = splitVerb(version ?? model);
  // Another verb is a path that is not there.
  if (method === 'POST' && verb !== '') return;
  const allowed = verb === PREDICT ? ['POST'] : ['GET', 'HEAD'];
  if (!allowed.includes(method)) throw notAllowed(allowed);
}

function splitVerb(text: string): readonly [name: string, verb: string] {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

async function predicted(
  request: FastifyRequest,
  serving: Serving,
  served: () => AskedModel,
): Promise<object> {
  const prepare = () => {
    const model = served();
    const { signature_name: signature = SIGNATURE, instances, inputs } = bodyMapOf(request);
    if (signature !== SIGNATURE && signature !== '')
      throw new Problem(400, `signature_name: expected ${SIGNATURE}, found ${inFewWords(signature)}`);
    if ((instances === undefined) === (inputs === undefined))
      throw new Problem(400, 'expected instances (rows) or inputs (columns), one of them');
    const isByRow = instances !== undefined;
    const make = (count: number): RowsInTheMaking => {
      takeRows(request, serving, count);
      return new RowsInTheMaking(model.inputs, count, bodyOf(request).byteLength);
    };
    const rows = isByRow ? fromInstances(instances, model, make) : fromInputs(inputs, model, make);
    return { model, rows, isByRow };
  };
  const [{ model, rows, isByRow }, columns] = await asked(request, serving, prepare, (prepared) =>
    outputsOfRows(request, prepared.model, prepared.rows),
  );
  return isByRow
    ? { predictions: byRow(model.outputs, columns, rows.rows) }
    : { outputs: byColumn(model.outputs, columns, rows.rows) };
}

/** Room for so many rows. Throws a `Problem`. */
type Make = (count: number) => RowsInTheMaking;

function fromInstances(instances: unknown, { inputs }: ModelShape, make: Make): RowsInTheMaking {
  if (!Array.isArray(instances))
    throw new Problem(400, `instances: expected a list, found ${inFewWords(instances)}`);
  const rows = make(instances.length);
  instances.forEach((instance: unknown, row) => {
    const place = `instances[${row}]`;
    for (const [input, value] of valuesByInput(inputs, instance, place))
      rows.fillRow(input, row, unwrapped(value, input.shape.length), `${place}, ${input.name}`);
  });
  return rows;
}

function fromInputs(given: unknown, { inputs }: ModelShape, make: Make): RowsInTheMaking {
  const values = valuesByInput(inputs, given, 'inputs');
  const lengths = values.map(([, value]) => (Array.isArray(value) ? value.length : -1));
  const [count = -1] = lengths;
  if (count < 0 || lengths.some((length) => length !== count))
    throw new Problem(
      400,
      `inputs: expected lists of one length, one element a row, found ${lengths.map(lengthText).join(', ')}`,
    );
  const rows = make(count);
  for (const [input, value] of values) rows.fillNested(input, unwrapped(value, input.shape.length + 1));
  return rows;
}

const lengthText = (length: number): string => (length < 0 ? 'no list' : String(length));

/** A map with a value for each input, or the value of the only one. Throws a `Problem`. */
function valuesByInput(
  inputs: readonly ServedInput[],
  given: unknown,
  place: string,
): readonly (readonly [ServedInput, unknown])[] {
  const names = inputs.map(({ name }) => name).join(', ');
  if (!isNamed(given)) {
    const [only] = inputs;
    if (inputs.length === 1 && only !== undefined) return [[only, given]];
    throw new Problem(400, `${place}: expected a map with ${names}, found ${inFewWords(given)}`);
  }
  const unknown = Object.keys(given).find((key) => !inputs.some(({ name }) => name === key));
  if (unknown !== undefined)
    throw new Problem(400, `${place}: expected ${names}, found ${JSON.stringify(unknown)}`);
  return inputs.map((input) => {
    if (!Object.hasOwn(given, input.name)) throw new Problem(400, `${place}: ${input.name} is missing`);
    return [input, given[input.name]];
  });
}

const isNamed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isEncoded(value);

/** Text that stands as base64. */
const isEncoded = (value: object): value is { readonly b64: string } =>
  'b64' in value && typeof value.b64 === 'string' && Object.keys(value).length === 1;

/** Looked at only as deep as the shape: lists may be nested deeper than calls can be. */
function unwrapped(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return depth === 0 ? value : value.map((each) => unwrapped(each, depth - 1));
  return typeof value === 'object' && value !== null && isEncoded(value)
    ? Buffer.from(value.b64, 'base64').toString()
    : value;
}

const rowsOf = (output: ServedOutput, column: OutputColumn, rows: number): readonly unknown[][] => {
  const values = jsonValues(output, column);
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
};

/** One output is given without its name. */
function byRow(
  outputs: readonly ServedOutput[],
  columns: readonly OutputColumn[],
  rows: number,
): readonly unknown[] {
  const all = outputs.map((output, index) => rowsOf(output, columns[index] as OutputColumn, rows));
  if (all.length === 1) return all[0] as readonly unknown[];
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(outputs.map(({ name }, index) => [name, all[index]?.[row]])),
  );
}

function byColumn(outputs: readonly ServedOutput[], columns: readonly OutputColumn[], rows: number): unknown {
  const all = outputs.map(
    (output, index) => [output.name, rowsOf(output, columns[index] as OutputColumn, rows)] as const,
  );
  return all.length === 1 ? all[0]?.[1] : Object.fromEntries(all);
}

function metadataOf({ name, version, inputs, outputs }: ModelShape): object {
  const tensor = (dtype: string, shape: readonly number[], of: string): object => ({
    dtype,
    tensor_shape: {
      dim: [-1, ...shape].map((size) => ({ size: String(size), name: '' })),
      unknown_rank: false,
    },
    name: of,
  });
  const signature = {
    inputs: Object.fromEntries(
      inputs.map((input) => [input.name, tensor(DTYPES[input.type], input.shape, input.name)]),
    ),
    outputs: Object.fromEntries(
      outputs.map((output) => [output.name, tensor(OUTPUT_DTYPES[output.type], [output.width], output.name)]),
    ),
    method_name: 'tensorflow/serving/predict',
  };
  return {
    model_spec: { name, signature_name: '', version },
    metadata: { signature_def: { signature_def: { [SIGNATURE]: signature } } },
  };
}
