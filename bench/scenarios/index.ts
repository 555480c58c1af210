// All scenarios, in the order in which `list` shows them.

import type { Scenario } from '../harness/bench.ts';
import { peers } from './peers.ts';
import { throughput } from './throughput.ts';

export const SCENARIOS: readonly Scenario[] = [throughput, peers];
