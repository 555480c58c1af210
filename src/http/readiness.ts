// The answer of /readyz: whether every job scores what it has to, and if not, why.

import type { FastifyReply } from 'fastify';
import { PROBLEM_TYPE } from './problem.ts';

export interface UnreadyReason {
  /** For programs: `starting`, `unassigned`, or the code of an error. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** The lanes that it is true of; absent where it is true of the job. */
  readonly lanes?: readonly string[];
}

export interface Readiness {
  readonly ready: boolean;
  readonly jobs: Readonly<
    Record<string, { readonly ready: boolean; readonly reasons: readonly UnreadyReason[] }>
  >;
}

/** Probes ask every few seconds anyway. */
const RETRY_AFTER_SECONDS = 5;

/** 503 with the reasons: a problem like every other, with the jobs beside it. */
export function notReadyProblem(reply: FastifyReply, readiness: Readiness): FastifyReply {
  const names = Object.entries(readiness.jobs).filter(([, { ready }]) => !ready);
  const detail = names
    .map(([name, { reasons }]) => `${name}: ${reasons.map(({ message }) => message).join('; ')}`)
    .join('. ');
  return reply
    .code(503)
    .headers({ 'content-type': PROBLEM_TYPE, 'retry-after': String(RETRY_AFTER_SECONDS) })
    .send(JSON.stringify({ type: 'about:blank', title: 'Not ready', status: 503, detail, ...readiness }));
}
