// POST /v1/score/<job>: scores records as the job's input has them. Each gets what the stream would
// have written: its result, or the reason of its dead letter.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ElsewhereError, EndsThreadError, KeyNeededError } from '../serving/errors.ts';
import type { RecordAnswer } from '../serving/record-answers.ts';
import { givenRecords } from './given-records.ts';
import { Problem } from './problem.ts';
import { addRoutes } from './routes.ts';
import {
  type AskedModel,
  asked,
  bodyOf,
  inTime,
  notServing,
  type Serving,
  takeBodies,
  takeRecords,
  whenGone,
} from './serving.ts';

const TYPES = ['application/json', 'application/x-ndjson', 'application/octet-stream'];
const JSON_TYPE = 'application/json; charset=utf-8';

export function scoreRoutes(app: FastifyInstance<Server>, serving: Serving, bodyBytesMax: number): void {
  takeBodies(app, serving.room, bodyBytesMax);
  addRoutes(app, {
    '/v1/score/:job': {
      POST: async (request, reply) => {
        const prepare = () => {
          const model = modelOf(request, serving);
          const body = bodyOf(request);
          if (body.byteLength === 0) throw new Problem(400, 'expected a record, found an empty body');
          const records = givenRecords(body, typeOf(request), model, Date.now());
          takeRecords(request, serving.room, records.length);
          return { model, records };
        };
        const [{ model }, answers] = await asked(request, serving, prepare, ({ model, records }) =>
          inTime(model.score(records, whenGone(request)).catch(refused)),
        );
        return reply.header('content-type', JSON_TYPE).send(textOf(answers, model));
      },
    },
  });
}

function modelOf({ params }: FastifyRequest, serving: Serving): AskedModel {
  const { job: name } = params as { readonly job: string };
  const jobs = serving.jobs();
  const job = jobs.find((each) => each.name === name);
  if (job === undefined)
    throw new Problem(404, `no job "${name}"; there is ${jobs.map((each) => each.name).join(', ')}`);
  if (job.model === null) throw notServing(job.why);
  if (job.model.lacksLog)
    throw new Problem(
      501,
      `the model ${job.model.name} has windows, and there is no log (log: none) whose records could be in them. ` +
        'Run the job with a log, score a file with "scorelane score", or send rows of features to /v2/models or /v1/models',
    );
  return job.model;
}

/** What is the matter with where the records belong. */
function refused(error: unknown): never {
  if (error instanceof KeyNeededError) throw new Problem(400, error.message);
  if (error instanceof EndsThreadError) throw new Problem(500, error.message);
  if (!(error instanceof ElsewhereError)) throw error;
  const { message, topic, partitions } = error;
  throw new Problem(421, message, {}, { topic, partitions });
}

function typeOf({ headers }: FastifyRequest): string {
  const type = (headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (TYPES.includes(type)) return type;
  throw new Problem(415, `expected the content type ${TYPES.join(' or ')}`);
}

function textOf(answers: readonly RecordAnswer[], { name, version }: AskedModel): string {
  const texts = answers.map((answer) => {
    if (!('result' in answer)) return JSON.stringify(answer);
    const { buffer, byteOffset, byteLength } = answer.result;
    return `{"result":${Buffer.from(buffer, byteOffset, byteLength).toString()}}`;
  });
  return `{"model":${JSON.stringify(name)},"version":${JSON.stringify(version)},"answers":[${texts.join(',')}]}`;
}
