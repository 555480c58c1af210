// The Open Inference Protocol, version 2: health, metadata and `infer`, with tensors in JSON or as
// bytes behind it (the binary tensor data extension). Its tensors are the model's own inputs.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServedModel } from '../serving/served-model.ts';
import { answerErrors, modelNamed, modelsNamed, outputsOfRows } from './asked-model.ts';
import { inferenceAnswer } from './inference-answer.ts';
import { DATATYPES, inferenceOf, OUTPUT_DATATYPES } from './inference-request.ts';
import { repositoryRoutes } from './model-repository.ts';
import { addRoutes } from './routes.ts';
import { bodyOf, type Serving, type ServingErrors, takeBodies, takeRecords } from './serving.ts';

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
  const askedModel = ({ params }: FastifyRequest): ServedModel => {
    const { model, version } = params as { readonly model: string; readonly version?: string };
    return modelNamed(serving, model, version);
  };
  const metadata = (request: FastifyRequest): object => {
    const model = askedModel(request);
    const versions = modelsNamed(serving, model.name).map(({ version }) => version);
    return metadataOf(model, versions);
  };
  const ready = (request: FastifyRequest): object => ({ name: askedModel(request).name, ready: true });
  const infer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const model = askedModel(request);
    const inference = inferenceOf(bodyOf(request), request.headers, model, (rows) =>
      takeRecords(request, serving.room, rows),
    );
    const columns = await outputsOfRows(request, model, inference.rows);
    const { body, headers } = inferenceAnswer(model, inference, columns);
    return reply.headers(headers).send(body);
  };
  addRoutes(app, {
    '': { GET: () => ({ name: 'scorelane', version: serving.version, extensions: EXTENSIONS }) },
    '/health/live': { GET: () => ({ live: true }) },
    '/health/ready': {
      GET: (_, reply) => {
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

const metadataOf = (
  { name, backend, inputs, outputs }: ServedModel,
  versions: readonly string[],
): object => ({
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
