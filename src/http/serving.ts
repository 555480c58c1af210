// What the routes that score have in common: the room, the models as they are known, and an end in
// time.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { NotServingError, TooLateError } from '../serving/errors.ts';
import type { GivenRecord, RecordAnswer } from '../serving/record-answers.ts';
import type { RowAnswer } from '../serving/row-answers.ts';
import type { ModelShape } from '../serving/served-model.ts';
import type { ModelVersions } from '../versions/model-versions.ts';
import type { RowsInTheMaking } from './given-rows.ts';
import { Problem } from './problem.ts';
import type { HttpRejection } from './rejections.ts';
import type { Held, Room } from './room.ts';

/** Tells once that the client has gone: nobody would read the answer. */
export type WhenGone = (tell: () => void) => void;

/** A model that can be asked. What it rejects with stands in `serving/errors.ts`. */
export interface AskedModel extends ModelShape {
  /** The value of a record of the input from a span of JSON text; null where JSON cannot be one. */
  readonly fromJson: ((text: Uint8Array) => Uint8Array) | null;
  /** An answer for each record; results as JSON text. */
  score(records: readonly GivenRecord[], whenGone: WhenGone): Promise<readonly RecordAnswer[]>;
  /** The model's own outputs. */
  predict(rows: RowsInTheMaking, whenGone: WhenGone): Promise<RowAnswer>;
}

/** What is known of jobs is out of date, and is known anew by now: nothing was asked. */
export class OutOfDateError extends Error {
  override readonly name = 'OutOfDateError';
}

export interface ServedJob {
  readonly name: string;
  /** Null while it does not run; then why. */
  readonly model: AskedModel | null;
  readonly why: string;
  /** Other versions of its model that are loaded, and answer whoever names them. */
  readonly others: readonly AskedModel[];
  /** Null while it does not run. */
  readonly living: ServedVersionsNow | null;
}

interface ServedVersionsNow {
  /** All that is known of its versions. Null where the job runs no more. */
  told(): Promise<ModelVersions | null>;
  /** Looks which version shall serve, and does what that needs. */
  look(): Promise<void>;
}

export interface Serving {
  /** Of scorelane. */
  readonly version: string;
  readonly room: Room;
  /** As they are known. Who asks a model learns that by an error if it is out of date. */
  jobs(): readonly ServedJob[];
  /** Has them known as they are now; whether that is something else. */
  look(): Promise<boolean>;
}

export interface ServingErrors {
  readonly limits: { readonly bodyBytes: number };
  /** A request met a fault of ours. */
  failed(error: Error, route: string): void;
}

/** A request whose body comes, until its answer has left or its client has. */
interface Open extends Held {
  whenGone: (() => void) | null;
  /** What it held was given back. */
  isClosed: boolean;
}
const open = new WeakMap<FastifyRequest, Open>();

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
    const mine: Open = Object.assign(room.enter(bytes), { whenGone: null, isClosed: false });
    open.set(request, mine);
    reply.raw.once('close', () => {
      mine.isClosed = true;
      room.leave(mine);
      mine.whenGone?.();
    });
  });
}

/** The request has so many records, or rows. Throws a `Problem`. */
export function takeRecords(request: FastifyRequest, room: Room, records: number): void {
  const mine = open.get(request);
  if (mine === undefined) return;
  // While the jobs were looked at: nobody would give that room back.
  if (mine.isClosed) throw notServing('the client went away', 'client_gone');
  room.take(mine, records);
}

/**
 * Asks for what `prepare` makes of the request and of the jobs as they are known. Both are done
 * again where that turns out to be out of date. Throws what they throw.
 */
export async function asked<P, T>(
  request: FastifyRequest,
  serving: Serving,
  prepare: () => P,
  ask: (prepared: P) => Promise<T>,
): Promise<readonly [P, T]> {
  for (;;) {
    const prepared = await upToDate(request, serving, prepare);
    try {
      return [prepared, await ask(prepared)];
    } catch (error) {
      if (!(error instanceof OutOfDateError)) throw error;
      giveBack(request, serving.room);
    }
  }
}

/** Whatever the jobs are. In an overload nobody is asked for them. */
const OF_THE_REQUEST: ReadonlySet<HttpRejection> = new Set([
  'queue_full',
  'too_many_records',
  'media_type',
  'client_gone',
]);

/** A problem is one only if it is one with the jobs as they are now. */
async function upToDate<P>(request: FastifyRequest, serving: Serving, prepare: () => P): Promise<P> {
  try {
    return prepare();
  } catch (error) {
    const isSure = !(error instanceof Problem) || OF_THE_REQUEST.has(error.reason);
    if (isSure || !(await serving.look())) throw error;
    giveBack(request, serving.room);
    return prepare();
  }
}

function giveBack(request: FastifyRequest, room: Room): void {
  const mine = open.get(request);
  if (mine !== undefined) room.giveBack(mine);
}

/** The body; empty where there is none. */
export const bodyOf = ({ body }: FastifyRequest): Uint8Array =>
  body instanceof Uint8Array ? body : new Uint8Array(0);

export const whenGone =
  (request: FastifyRequest): WhenGone =>
  (tell) => {
    const mine = open.get(request);
    if (request.raw.socket.destroyed) tell();
    else if (mine !== undefined) mine.whenGone = tell;
  };

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
