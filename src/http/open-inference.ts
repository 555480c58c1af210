// The Open Inference Protocol, version 2: health, metadata and `infer`, with tensors in JSON or as
// bytes behind it (the binary tensor data extension). Its tensors are the model's own inputs.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ModelShape } from '../serving/served-model.ts';
import { answerErrors, modelNamed, modelsNamed, outputsOfRows } from './asked-model.ts';
import { inferenceAnswer } from './inference-answer.ts';
import { DATATYPES, inferenceOf, OUTPUT_DATATYPES } from './inference-request.ts';
import { repositoryRoutes } from './model-repository.ts';
import { addRoutes } from './routes.ts';
import {
  type AskedModel,
  asked,
  bodyOf,
  type Serving,
  type ServingErrors,
  takeBodies,
  takeRecords,
} from './serving.ts';

const PLATFORMS: Readonly<Record<string, string>> = {
  native: 'tensorflow_savedmodel',
  onnx: 'onnxruntime_onnx',
};

const EXTENSIONS = ['binary_tensor_data', 'model_repository'];

/** Below `/v2`. With the token somebody may have versions loaded. */
export function openInferenceRoutes(
  app: FastifyInstance<Server>,
  serving: Serving,
  { limits, failed }: ServingErrors,
  token: string | null,
): void {
  takeBodies(app, serving.room, limits.bodyBytes);
  answerErrors(app, limits, failed);
  const askedModel = ({ params }: FastifyRequest): AskedModel => {
    const { model, version } = params as { readonly model: string; readonly version?: string };
    return modelNamed(serving, model, version);
  };
  const metadata = async (request: FastifyRequest): Promise<object> => {
    await serving.look();
    const model = askedModel(request);
    const versions = modelsNamed(serving, model.name).map(({ version }) => version);
    return metadataOf(model, versions);
  };
  const ready = async (request: FastifyRequest): Promise<object> => {
    await serving.look();
    return { name: askedModel(request).name, ready: true };
  };
  const infer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const prepare = () => {
      const model = askedModel(request);
      const inference = inferenceOf(bodyOf(request), request.headers, model, (rows) =>
        takeRecords(request, serving.room, rows),
      );
      return { model, inference };
    };
    const [{ model, inference }, columns] = await asked(request, serving, prepare, (prepared) =>
      outputsOfRows(request, prepared.model, prepared.inference.rows),
    );
    const { body, headers } = inferenceAnswer(model, inference, columns);
    return reply.headers(headers).send(body);
  };
  addRoutes(app, {
    '': { GET: () => ({ name: 'scorelane', version: serving.version, extensions: EXTENSIONS }) },
    '/health/live': {
      GET: async () => {
        await serving.look();
        return { live: true };
      },
    },
    '/health/ready': {
      GET: async (_, reply) => {
        await serving.look();
        const isReady = serving.jobs().every(({ model }) => model !== null);
        return reply.code(isReady ? 200 : 503).send({ ready: isReady });
      },
    },
    '/models/:model': { GET: metadata },
    '/models/:model/ready': { GET: ready },
    '/models/:model/infer': { POST: infer },
    '/models/:model/versions/:version': { GET: metadata },
    '/models/:model/versions/:version/ready': { GET: ready },
    '/models/:model/versions/:version/infer': { POST: infer },
    ...repositoryRoutes(serving, token),
  });
}

const metadataOf = ({ name, backend, inputs, outputs }: ModelShape, versions: readonly string[]): object => ({
  name,
  versions,
  platform: PLATFORMS[backend] ?? 'tensorflowjs_model',
  inputs: inputs.map((input) => ({
    name: input.name,
    datatype: DATATYPES[input.type],
    shape: [-1, ...input.shape],
  })),
  outputs: outputs.map((output) => ({
    name: output.name,
    datatype: OUTPUT_DATATYPES[output.type],
    shape: [-1, output.width],
  })),
});
