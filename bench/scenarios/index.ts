// All scenarios, in the order in which `list` shows them.

import type { Scenario } from '../harness/bench.ts';
import { http } from './http.ts';
import { jobs } from './jobs.ts';
import { latency } from './latency.ts';
import { live } from './live.ts';
import { micro } from './micro.ts';
import { overload } from './overload.ts';
import { peers } from './peers.ts';
import { replay } from './replay.ts';
import { scaling } from './scaling.ts';
import { shadow } from './shadow.ts';
import { soak } from './soak.ts';
import { startup } from './startup.ts';
import { swap } from './swap.ts';
import { throughput } from './throughput.ts';
import { tracing } from './tracing.ts';
import { windows } from './windows.ts';

export const SCENARIOS: readonly Scenario[] = [
  throughput,
  latency,
  live,
  overload,
  jobs,
  http,
  scaling,
  startup,
  soak,
  peers,
  micro,
  windows,
  tracing,
  swap,
  shadow,
  replay,
];
