// A job with as many lanes as a test wants, in all states, whose records move when it is told so;
// and the server that shows it.

import { newLane } from '../../src/engine/lane.ts';
import { newEngine } from '../../src/engine/state.ts';
import { HttpThread } from '../../src/http-thread/http-thread.ts';
import { nextAfter, offset, startingAt } from '../../src/log/offset.ts';
import { Feed } from '../../src/page/feed.ts';
import { pageFiles } from '../../src/page/files.ts';
import type { ShownJob } from '../../src/page/shown-job.ts';
import { NO_OUTCOME } from '../../src/scoring/outcome.ts';
import { Meter } from '../../src/telemetry/meter.ts';
import type { ModelVersions } from '../../src/versions/model-versions.ts';
import { limits } from '../engine/world.ts';

export const TROUBLE = 'the registry is away <script>alert(1)</script>';

export interface ManyLanes {
  readonly job: ShownJob;
  readonly meter: Meter;
  /** Every lane gets and answers some records; those in trouble and those behind only get them. */
  advance(): void;
}

export function manyLanes(count: number, name = 'many'): ManyLanes {
  const engine = newEngine({ ...limits, budgetBytes: count * 10_000 });
  const meter = new Meter();
  const lanes = Array.from({ length: count }, (_, partition) => {
    const lane = newLane(
      { topic: 'payments', partition, position: startingAt(1_000) },
      partition + 1,
      'running',
    );
    engine.lanes.set(lane.key, lane);
    if (partition % 41 === 7) lane.trouble = { code: 'SCORELANE_REGISTRY', message: TROUBLE, attempts: 3 };
    if (partition % 53 === 11) lane.phase = 'restoring';
    return lane;
  });
  let round = 0;
  const advance = (): void => {
    round++;
    for (const lane of lanes) {
      const records = 40 + ((lane.partition * 13 + round * 7) % 50);
      lane.highWatermark += records;
      const stays = lane.trouble !== undefined || lane.phase !== 'running' || lane.partition % 17 === 3;
      if (stays) {
        if (lane.partition % 17 === 3 && round === 1) lane.highWatermark += 1_000 * (lane.partition + 1);
        lane.mailbox.put({
          ...{ batch: null, first: lane.position, next: lane.position, records, bytes: 150, arrivedAtMs: 0 },
        });
        continue;
      }
      const next = nextAfter(offset(lane.highWatermark - 1));
      lane.ledger.open({ id: round, first: lane.position, next, bytes: 0, arrivedAtMs: 0, batches: [] });
      lane.ledger.scored(round, NO_OUTCOME);
      lane.ledger.takeProducible();
      lane.ledger.acknowledged(round);
      if (round % 2 === 0) lane.ledger.confirmed(next);
      lane.position = next;
      const outcome = { ...NO_OUTCOME, scored: records, decodeMs: 0.2, predictMs: 1.1, encodeMs: 0.1 };
      meter.flow.opened({ trigger: 'full' } as never, records);
      meter.microBatchScored(outcome, 4 + (round % 5));
      const timestamps = { timestampsMs: [1_000], counts: [records] };
      meter.microBatchAcknowledged(lane.key, { ...outcome, timestamps }, 2, 1_008 + (lane.partition % 9));
    }
    meter.threads.told({ thread: 1, cpuMicros: round * 600_000, gcMs: 0, tensors: 6 });
    meter.threads.told({ thread: 2, cpuMicros: round * 300_000, gcMs: 0, tensors: 6 });
  };
  const topics = { input: 'payments', results: 'scores', deadLetters: 'dead-letters' };
  const versions: ModelVersions = {
    ...{ policy: 'stable', serving: '3', wanted: '3', why: 'it is stable', labels: { stable: '3' } },
    versions: [
      { version: '2', state: 'loaded', trial: null, why: null },
      { version: '3', state: 'serving', trial: null, why: null },
      { version: '4', state: 'refused', trial: null, why: TROUBLE },
    ],
  };
  const about = { model: 'fraud 3', backend: 'wasm', versions, workers: 2, topics };
  return {
    meter,
    advance,
    job: { name, reasons: [], running: { engine, meter, ...about, lag: count * 70 } },
  };
}

const LIMITS = { bodyBytes: 1_024, requestTimeoutMs: 10_000, connectionsMax: 100, tls: null };

/** The page of these jobs, on a free port unless it is given. */
export const servePage = (jobs: () => readonly ShownJob[], port = 0): Promise<HttpThread> =>
  HttpThread.start({
    address: { host: '127.0.0.1', port },
    limits: LIMITS,
    adminToken: null,
    serving: null,
    operated: {
      version: '0.0.0',
      readiness: () => ({ ready: true, jobs: {} }),
      metrics: async () => '',
      metricsType: 'text/plain',
      admin: {
        logLevels: [],
        logLevel: () => 'info',
        setLogLevel() {},
        drain() {},
        dump: () => null,
        hold: () => false,
        models: () => [],
        orderVersion: async () => undefined,
        reload: () => null,
      },
      page: new Feed(pageFiles(), '0.0.0', jobs),
      answered() {},
      rejected() {},
      notRenewed() {},
      failed: (error) => {
        throw error;
      },
    },
  });
