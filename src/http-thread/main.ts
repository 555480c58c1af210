// The thread of HTTP: connections, requests and their texts. It has the main thread do what it is
// asked for, and never makes a stream wait for the reading of a request.

import { parentPort, workerData } from 'node:worker_threads';
import { Room } from '../http/room.ts';
import { HttpServer, type Operated } from '../http/server.ts';
import { atMost } from '../time/bounded.ts';
import { pause } from '../time/timer.ts';
import { AskedJobs } from './asked-jobs.ts';
import { CallsOut } from './calls-out.ts';
import type { FromThread, ThreadData, ToThread } from './protocol.ts';
import { RequestCounts } from './request-counts.ts';
import { toldError } from './told-error.ts';
import { ViewedPage } from './viewed-page.ts';

/** A main thread that ends answers at once, or not at all. */
const ANSWERS_MS = 2_000;

const port = parentPort;
if (port === null) throw new Error('expected to be a worker thread');
const { address, limits, adminToken, version, metricsType, logLevels, page, serving } =
  workerData as ThreadData;

const post = (message: FromThread, transferList: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, transferList);
const counted = new RequestCounts(post);
const calls = new CallsOut(post);
const { call } = calls;
const viewed = page === null ? null : new ViewedPage(page, { call, post });
const asked =
  serving === null
    ? null
    : new AskedJobs({ version, room: new Room(serving.limits, serving.room), post, call }, serving.jobs);

const operated: Operated = {
  version,
  live: () => call('live'),
  readiness: () => call('readiness'),
  metrics: () => {
    counted.tell();
    return call('metrics');
  },
  metricsType,
  admin: {
    logLevels,
    logLevel: () => call('logLevel'),
    setLogLevel: (level) => call('setLogLevel', level),
    drain: () => call('drain'),
    dump: (job) => call('dump', job),
    hold: (job, isHeld) => call('hold', job, isHeld),
    reload: () => call('reload'),
    models: () => call('models'),
    orderVersion: (job, order) => call('orderVersion', job, order),
  },
  page: viewed,
  answered: (...request) => counted.answered(...request),
  rejected: (reason) => counted.rejected(reason),
  failed: (error, route) => post({ type: 'failed', error: toldError(error), route }),
  notRenewed: (error) => post({ type: 'notRenewed', error: toldError(error) }),
};

let server: HttpServer | undefined;
port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'returned':
    case 'threw':
      calls.take(message);
      break;
    case 'answers':
    case 'outOfDate':
      asked?.take(message);
      break;
    case 'view':
    case 'viewEnds':
      viewed?.take(message);
      break;
    default:
      void stop();
  }
});

/** What was asked is answered first, so that nobody's connection ends in the middle. */
async function stop(): Promise<void> {
  if (asked !== null) {
    await atMost(ANSWERS_MS, asked.end());
    // The answers are written in this turn.
    await pause(0);
  }
  await server?.stop();
  counted.tell();
  post({ type: 'stopped' });
}

try {
  server = await HttpServer.start(address, limits, adminToken, operated, asked);
  post({ type: 'listening', url: server.url, routes: server.routes });
} catch (error) {
  post({ type: 'cannotListen', error: toldError(error) });
}
