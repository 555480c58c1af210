// The HTTP server over the jobs of the process: what it answers comes from them.

import { isUnforeseen } from '../base/errors.ts';
import { listenAddress } from '../config/http-schema.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Admin } from '../http/admin.ts';
import type { Readiness } from '../http/readiness.ts';
import { HTTP_REJECTIONS } from '../http/rejections.ts';
import { Room } from '../http/room.ts';
import type { TlsFiles } from '../http/tls.ts';
import type { OrderedVersion, VersionOrder } from '../http/version-order.ts';
import { HttpThread } from '../http-thread/http-thread.ts';
import type { AnsweringJob } from '../http-thread/request-answers.ts';
import type { MeteredJob } from '../metrics/job.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Feed } from '../page/feed.ts';
import { pageFiles } from '../page/files.ts';
import type { ShownJob } from '../page/shown-job.ts';
import { LOG_LEVELS, type Logger, setLogLevel } from '../telemetry/log.ts';
import { NO_SPANS } from '../tracing/export.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Daemon } from './daemon.ts';
import { orderedVersion } from './ordered-version.ts';
import type { Reloader } from './reloader.ts';
import { type RunningJob, reasonsOf } from './running-job.ts';
import { scorelaneVersion } from './versions.ts';

export interface ServeOptions {
  readonly logger: Logger;
  /** Whether somebody set the key. */
  readonly isGiven: (key: string) => boolean;
  /** None where it is off. */
  readonly tracing?: Tracing | null;
  /** Reads the configuration again; none where it came from no file of the user's. */
  readonly reloader?: Reloader | null;
  /** Ends the process in order. */
  readonly drain: () => void;
}

/**
 * Resolves to null for `http.listen: none`. Rejects with `ConfigError` where it cannot listen at
 * the address that somebody set.
 */
export async function serveHttp(
  { http }: Pick<Config, 'http'>,
  jobs: readonly RunningJob[],
  { logger, isGiven, tracing, reloader = null, drain }: ServeOptions,
): Promise<HttpThread | null> {
  const address = listenAddress(http.listen);
  if (address === null) return null;
  const room = Room.memory();
  const queue = { recordsMax: http.queueRecords, bytesMax: http.queueBytes };
  const metrics = new Metrics({
    version: scorelaneVersion,
    jobs: () => jobs.map(metered),
    partitionSeriesMax: http.partitionSeries,
    spans: () => tracing?.counts ?? NO_SPANS,
    room: new Room(queue, room),
    rejections: Object.keys(HTTP_REJECTIONS),
  });
  const { registry } = metrics;
  const operated = {
    version: scorelaneVersion,
    readiness: () => readinessOf(jobs),
    metrics: () => registry.metrics(),
    metricsType: registry.contentType,
    admin: adminOf(jobs, logger, reloader, drain),
    page: http.page ? new Feed(pageFiles(), scorelaneVersion, () => jobs.map(shown)) : null,
    answered: metrics.answered.bind(metrics),
    rejected: metrics.rejected.bind(metrics),
    failed: ({ message, stack }: Error, route: string) =>
      logger.error({ stack }, `http: ${route}: ${message}`),
    notRenewed: ({ message }: Error) =>
      logger.warn(
        `http.tlsCertificate, http.tlsKey, http.tlsClientAuthority: the new files are not taken: ${message}`,
      ),
  };
  const limits = {
    bodyBytes: http.bodyBytes,
    requestTimeoutMs: http.requestTimeout,
    connectionsMax: http.connections,
    tls: tlsFilesOf(http),
  };
  const serving = http.inference ? { limits: queue, room, jobs: () => jobs.map(servedJob) } : null;
  const adminToken = http.adminToken ?? null;
  const listen = (port: number): Promise<HttpThread> =>
    HttpThread.start({ address: { ...address, port }, limits, adminToken, operated, serving });
  const server = await listen(address.port).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE' && !isGiven('http.listen')) return listen(0);
    throw new ConfigError([
      `http.listen: expected an address that is free and of this machine, found ${http.listen}: ${error.message}; ` +
        'another port, port 0 or none would do',
    ]);
  });
  logger.info(
    `http at ${server.url}: ${http.page ? 'open it in a browser to watch; ' : ''}/livez, /readyz, /metrics`,
  );
  return server;
}

function tlsFilesOf(http: Config['http']): TlsFiles | null {
  const { tlsCertificate: certificate, tlsKey: key } = http;
  if (certificate === undefined || key === undefined) return null;
  return { certificate, key, keyPassword: http.tlsKeyPassword, clientAuthority: http.tlsClientAuthority };
}

export function readinessOf(jobs: readonly RunningJob[]): Readiness {
  const told = jobs.map((job) => {
    const reasons = reasonsOf(job);
    return [job.name, { ready: reasons.length === 0, reasons }] as const;
  });
  return { ready: told.every(([, { ready }]) => ready), jobs: Object.fromEntries(told) };
}

/** A job that was paused scores for requests: only its stream waits. */
function servedJob(job: RunningJob): AnsweringJob {
  const { name, daemon, failed } = job;
  const isServing = daemon !== null && failed === null && daemon.driver.state.stopping === undefined;
  const why = isServing ? '' : `job ${name}: ${reasonsOf(job)[0]?.message}`;
  if (!isServing) return { name, model: null, why, others: [], living: null };
  const { served: model, alsoServed: others, living } = daemon;
  return { name, model, why, others, living };
}

function metered(job: RunningJob): MeteredJob {
  const { name, daemon } = job;
  const isReady = reasonsOf(job).length === 0;
  if (daemon === null) return { name, isReady, running: null };
  const { driver, meter, lag, about, living } = daemon;
  const { model, backend } = about;
  return {
    name,
    isReady,
    running: { engine: driver.state, meter, lag, model, backend, versions: living.told },
  };
}

function shown(job: RunningJob): ShownJob {
  const { name, daemon } = job;
  const reasons = reasonsOf(job);
  if (daemon === null) return { name, reasons, running: null };
  const { driver, meter, lag, about, living, workers, topics } = daemon;
  const { model, backend } = about;
  const { told: versions } = living;
  return {
    name,
    reasons,
    running: { engine: driver.state, meter, model, backend, versions, workers, topics, lag },
  };
}

const adminOf = (
  jobs: readonly RunningJob[],
  logger: Logger,
  reloader: Reloader | null,
  drain: () => void,
): Admin => ({
  logLevels: LOG_LEVELS,
  logLevel: () => logger.level,
  setLogLevel: (level) => {
    setLogLevel(logger, level);
    logger.warn(`the log level is ${level} from now on: a request to /admin/log-level`);
  },
  drain: () => {
    logger.warn('told to end: a request to /admin/drain');
    drain();
  },
  reload: () => {
    if (reloader === null) return null;
    try {
      return reloader.reload('a request to /admin/reload');
    } catch (error) {
      if (isUnforeseen(error as Error)) throw error;
      return { mistakes: (error as Error).message.split('\n') };
    }
  },
  dump: (name) => jobs.find((job) => job.name === name)?.daemon?.dump('a request to /admin'),
  hold: (name, isHeld) => {
    const { driver } = jobs.find((job) => job.name === name)?.daemon ?? {};
    driver?.hold(isHeld);
    if (driver !== undefined)
      logger.warn(`job ${name} ${isHeld ? 'is paused' : 'goes on'}: a request to /admin`);
    return driver !== undefined;
  },
  models: () =>
    jobs.map(({ name, daemon }) => ({
      job: name,
      name: daemon?.model.name ?? null,
      model: daemon?.about.model ?? null,
      backend: daemon?.about.backend ?? null,
      ...(daemon?.living.told ?? NOTHING_SERVES),
    })),
  orderVersion: async (name, order) => {
    const daemon = jobs.find((job) => job.name === name)?.daemon ?? null;
    return daemon === null ? undefined : carriedOut(daemon, order, jobs, logger);
  },
});

/** Of a job that has no model yet. */
const NOTHING_SERVES = { policy: null, serving: null, wanted: null, why: null, labels: {}, versions: [] };

async function carriedOut(
  daemon: Daemon,
  order: VersionOrder,
  jobs: readonly RunningJob[],
  logger: Logger,
): Promise<OrderedVersion> {
  const ordered = await orderedVersion(daemon, order);
  if ('refused' in ordered || order.type === 'look') return ordered;
  logger.warn(`${daemon.model.name}: ${ordered.done}: a request to /admin/models`);
  // Other jobs may serve the same model.
  for (const job of jobs) if (job.daemon !== daemon) void job.daemon?.living.look();
  return ordered;
}
