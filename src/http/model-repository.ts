// The model repository extension of the Open Inference Protocol, as Triton has it: the index of
// versions, and what load and unload mean here. Versions come and go by labels and folders, so load
// looks at them now, and unload is refused.

import type { FastifyRequest } from 'fastify';
import type { ModelVersions, VersionStatus } from '../versions/model-versions.ts';
import { bodyMapOf, modelsNamed } from './asked-model.ts';
import { Problem } from './problem.ts';
import type { Routes } from './routes.ts';
import { bodyOf, type ServedJob, type Serving } from './serving.ts';
import { hasToken, requireToken } from './token.ts';

interface Indexed {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'LOADING' | 'UNAVAILABLE';
  /** Empty for one that is ready. */
  readonly reason: string;
}

const STATES: Readonly<Record<VersionStatus['state'], Indexed['state']>> = {
  serving: 'READY',
  loaded: 'READY',
  building: 'READY',
  loading: 'LOADING',
  refused: 'UNAVAILABLE',
  available: 'UNAVAILABLE',
  remote: 'UNAVAILABLE',
  fetching: 'LOADING',
};
const REASONS: Readonly<Partial<Record<VersionStatus['state'], string>>> = {
  loading: 'it is tried and loaded',
  refused: 'it was tried and cannot serve: the log says why, and so does this index to whoever has the token',
  available: 'it is in the repository, and nothing needs it',
  remote: 'it is on the server of model.source, and nothing needs it',
  fetching: 'it is downloaded',
};

/** Below `/v2`. Only who has the token may load. */
export const repositoryRoutes = (serving: Serving, token: string | null): Routes => ({
  '/repository/index': {
    POST: async (request) => {
      await serving.look();
      const index = await indexOf(serving, hasToken(request, token));
      return isReadyWanted(request) ? index.filter(({ state }) => state === 'READY') : index;
    },
  },
  '/repository/models/:model/load': {
    POST: async (request) => {
      requireToken(request, token);
      refuseParameters(request);
      await load(serving, nameIn(request));
      return {};
    },
  },
  '/repository/models/:model/unload': {
    POST: async (request) => {
      await serving.look();
      const [{ name }] = modelsNamed(serving, nameIn(request));
      throw new Problem(
        400,
        `versions of "${name}" are unloaded by themselves when nothing needs them: move a label instead, ` +
          'by POST /admin/models/<job>/promote, rollback or pin',
      );
    },
  },
});

const nameIn = ({ params }: FastifyRequest): string => (params as { readonly model: string }).model;

/** The body is optional. */
const givenIn = (request: FastifyRequest): Readonly<Record<string, unknown>> =>
  bodyOf(request).byteLength === 0 ? {} : bodyMapOf(request);

function isReadyWanted(request: FastifyRequest): boolean {
  const { ready = false } = givenIn(request);
  if (typeof ready !== 'boolean') throw new Problem(400, 'ready: expected true or false');
  return ready;
}

function refuseParameters(request: FastifyRequest): void {
  const { parameters = {} } = givenIn(request);
  const isMap = typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters);
  if (!isMap) throw new Problem(400, 'parameters: expected a map');
  const [name] = Object.keys(parameters);
  if (name !== undefined)
    throw new Problem(
      400,
      `parameters: expected none, found ${JSON.stringify(name)}: a version is what is in its folder`,
    );
}

/**
 * A version that is ready in one job is ready. Why one was refused may quote a golden record: that
 * is not for everybody.
 */
async function indexOf(serving: Serving, isWhyTold: boolean): Promise<Indexed[]> {
  const all = new Map<string, Indexed>();
  for (const { model, living } of serving.jobs()) {
    if (model === null || living === null) continue;
    const { name } = model;
    const told = await living.told();
    for (const { version, state, why } of told?.versions ?? []) {
      const key = JSON.stringify([name, version]);
      if (all.get(key)?.state === 'READY') continue;
      const reason = (isWhyTold ? why : null) ?? REASONS[state] ?? '';
      all.set(key, { name, version, state: STATES[state], reason });
    }
  }
  return [...all.values()];
}

/** Resolves when the version that shall serve does, in all jobs of that model. */
async function load(serving: Serving, name: string): Promise<void> {
  await serving.look();
  modelsNamed(serving, name);
  const jobs = (): readonly ServedJob[] => serving.jobs().filter(({ model }) => model?.name === name);
  await Promise.all(jobs().map(({ living }) => living?.look()));
  await serving.look();
  for (const { living } of jobs()) {
    const told = await living?.told();
    if (told != null) requireWanted(told);
  }
}

function requireWanted({ serving, wanted, why, versions }: ModelVersions): void {
  if (wanted === serving) return;
  const refused = versions.find(({ version }) => version === wanted)?.why;
  throw new Problem(
    400,
    refused == null
      ? `version ${serving} goes on to serve: ${why}`
      : `version ${wanted} cannot serve, and ${serving} goes on: ${refused}`,
  );
}
