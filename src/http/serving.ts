// What the routes that score have in common: the room, the models, and an end in time.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { NotServingError, TooLateError } from '../serving/errors.ts';
import type { ServedModel } from '../serving/served-model.ts';
import type { ModelVersions } from '../versions/model-versions.ts';
import { Problem } from './problem.ts';
import type { HttpRejection } from './rejections.ts';
import type { Held, Room } from './room.ts';

export interface ServedJob {
  readonly name: string;
  /** Null while it does not run; then why. */
  readonly model: ServedModel | null;
  readonly why: string;
  /** Other versions of its model that are loaded, and answer whoever names them. */
  readonly others: readonly ServedModel[];
  /** Null while it does not run. */
  readonly living: ServedVersionsNow | null;
}

interface ServedVersionsNow {
  readonly told: ModelVersions;
  /** Looks which version shall serve, and does what that needs. */
  look(): Promise<void>;
}

export interface Serving {
  /** Of scorelane. */
  readonly version: string;
  readonly room: Room;
  jobs(): readonly ServedJob[];
}

export interface ServingErrors {
  readonly limits: { readonly bodyBytes: number };
  /** A request met a fault of ours. */
  failed(error: Error, route: string): void;
}

const held = new WeakMap<FastifyRequest, Held>();

/**
 * Bodies are taken as they come, whatever is said of their type, and only if there is room: their
 * length counts before they are there, and one of unknown length as the longest.
 */
export function takeBodies(app: FastifyInstance<Server>, room: Room, bodyBytesMax: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new Problem(415, 'expected a body that is not compressed');
    const bytes = length === undefined ? (encoding === undefined ? 0 : bodyBytesMax) : Number(length);
    // A longer one is refused before it is read.
    if (bytes === 0 || bytes > bodyBytesMax) return;
    const mine = room.enter(bytes);
    held.set(request, mine);
    reply.raw.once('close', () => room.leave(mine));
  });
}

/** The request has so many records, or rows. Throws a `Problem`. */
export function takeRecords(request: FastifyRequest, room: Room, records: number): void {
  const mine = held.get(request);
  if (mine !== undefined) room.take(mine, records);
}

/** The body; empty where there is none. */
export const bodyOf = ({ body }: FastifyRequest): Uint8Array =>
  body instanceof Uint8Array ? body : new Uint8Array(0);

/** Whether the client has gone: nobody would read the answer. */
export const goneOf =
  ({ raw }: FastifyRequest): (() => boolean) =>
  () =>
    raw.socket.destroyed;

/** Of those that say more than that nothing is served. */
const REASONS: Readonly<Record<string, HttpRejection>> = {
  ClientGoneError: 'client_gone',
  RestoringError: 'windows_restoring',
};

const RETRY_AFTER = { 'retry-after': '5' };

export const notServing = (why: string, reason: HttpRejection = 'not_serving'): Problem =>
  new Problem(503, why, RETRY_AFTER, {}, reason);

/** As `work` ends; what is no fault of ours is a `Problem`. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TooLateError) throw new Problem(504, error.message);
    if (error instanceof NotServingError) throw notServing(error.message, REASONS[error.name]);
    throw error;
  }
}
