// Which model a request means, and its outputs for rows: what the protocols for tensors have in
// common. Each only translates.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OutputColumn } from '../model/predictor.ts';
import { compareVersions } from '../model/version-order.ts';
import type { RowAnswer } from '../serving/row-answers.ts';
import type { ServedOutput } from '../serving/served-model.ts';
import type { RowsInTheMaking } from './given-rows.ts';
import { Problem, problemOf } from './problem.ts';
import { refusedFor } from './refused.ts';
import {
  type AskedModel,
  bodyOf,
  inTime,
  notServing,
  type Serving,
  takeRecords,
  whenGone,
} from './serving.ts';

/**
 * The versions of that name: those that serve, the latest first, then those that are loaded
 * besides. Throws a `Problem` if there is none.
 */
export function modelsNamed(serving: Serving, name: string): readonly [AskedModel, ...AskedModel[]] {
  const jobs = serving.jobs();
  const models = jobs.flatMap(({ model }) => (model === null ? [] : [model]));
  const isNamed = (model: AskedModel): boolean => model.name === name;
  const others = jobs.flatMap((job) => job.others).filter(isNamed);
  const found = [...models.filter(isNamed).toSorted(byVersion), ...others.toSorted(byVersion)];
  // Several jobs may have the same one.
  const isFirst = ({ version }: AskedModel, index: number): boolean =>
    found.findIndex((model) => model.version === version) === index;
  const [first, ...rest] = found.filter(isFirst);
  if (first !== undefined) return [first, ...rest];
  const waiting = jobs.find(({ model }) => model === null);
  if (waiting !== undefined) throw notServing(waiting.why);
  throw new Problem(404, `no model "${name}"; there is ${models.map((model) => model.name).join(', ')}`);
}

/** That version, or the latest that serves. Throws a `Problem`. */
export function modelNamed(serving: Serving, name: string, version: string | undefined): AskedModel {
  const models = modelsNamed(serving, name);
  if (version === undefined) return models[0];
  const found = models.find((model) => model.version === version);
  if (found !== undefined) return found;
  const versions = models.map((model) => model.version).join(', ');
  throw new Problem(404, `no version "${version}" of model "${name}" is loaded; there is ${versions}`);
}

const byVersion = (left: AskedModel, right: AskedModel): number =>
  compareVersions(right.version, left.version);

/** The model's outputs for rows. Throws a `Problem` for rows that it does not take. */
export async function outputsOfRows(
  request: FastifyRequest,
  model: AskedModel,
  rows: RowsInTheMaking,
): Promise<readonly OutputColumn[]> {
  const answer: RowAnswer = await inTime(model.predict(rows, whenGone(request)));
  if ('lost' in answer) throw new Problem(500, `these rows end their worker thread: ${answer.lost}`);
  if ('refused' in answer) throw new Problem(400, `row ${answer.row}: ${answer.refused}`);
  return answer.columns;
}

/** There is room for so many rows. Throws a `Problem`. */
export function takeRows(request: FastifyRequest, serving: Serving, rows: number): void {
  if (rows === 0) throw new Problem(400, 'expected at least one row, found none');
  takeRecords(request, serving.room, rows);
}

/** A JSON map. Throws a `Problem`. */
export function mapOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch (error) {
    throw new Problem(400, `expected JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Problem(400, 'expected a map in JSON, found another value');
  return value as Readonly<Record<string, unknown>>;
}

export const bodyMapOf = (request: FastifyRequest): Readonly<Record<string, unknown>> =>
  mapOf(bodyOf(request));

/** A value of an output as JSON has it: flags as true and false. */
export const jsonValues = ({ type }: ServedOutput, column: OutputColumn): readonly unknown[] =>
  type === 'flag' ? Array.from(column as Uint8Array, (value) => value !== 0) : Array.from<unknown>(column);

/** `{"error": "…"}` for all that goes wrong at these paths, as these protocols have it. */
export function answerErrors(
  app: FastifyInstance<Server>,
  limits: { readonly bodyBytes: number },
  failed: (error: Error, route: string) => void,
): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, limits);
    const { statusCode, message, headers } = problem;
    refusedFor(reply, problem);
    if (statusCode >= 500 && !(error instanceof Problem))
      failed(error as Error, request.routeOptions.url ?? 'none');
    return reply.code(statusCode).headers(headers).send({ error: message });
  });
  app.setNotFoundHandler(({ url }, reply) => {
    refusedFor(reply, { reason: 'not_found' });
    return reply.code(404).send({ error: `nothing is served at ${url.split('?', 1)[0]}` });
  });
}
