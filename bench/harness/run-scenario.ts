// Runs one scenario from its options to a whole result.

import { join } from 'node:path';
import { Bench, firstJob, type Options, type Scenario } from './bench.ts';
import type { BenchLog } from './log.ts';
import { describeMachine } from './machine.ts';
import { flatten } from './ran-configs.ts';
import type { Result } from './result.ts';

const FALLBACK: Options = {
  count: 100_000,
  seconds: 10,
  warmUp: 2,
  rounds: 1,
  moves: 1,
  minutes: 10,
  workers: 2,
  rate: 1_000,
  rates: [1_000],
  partitions: 4,
  instances: 1,
  formats: ['msgpack'],
  models: ['mlp-30-64-32-1'],
  backends: ['native'],
  peers: [],
  linger: 1,
  burst: 0,
  kinds: [],
  rust: '',
};

export interface Call {
  readonly options: Partial<Options>;
  /** Another configuration file than the scenario's own. */
  readonly config?: string;
  readonly settings: readonly string[];
  readonly command: string;
  readonly say: (text: string) => void;
}

/**
 * Rejects with `VoidRunError` when the output of the run was wrong, `ConfigError` when the
 * configuration is.
 */
export async function runScenario(scenario: Scenario, log: BenchLog, call: Call): Promise<Result> {
  const { settings, say, command } = call;
  const ownFile = (name: string): string => join(import.meta.dirname, '..', 'scenarios', name);
  const file = call.config ?? ownFile(scenario.config);
  const options = { ...FALLBACK, ...scenario.defaults, ...call.options };
  const config = firstJob(file, settings);
  const started = new Date();
  const bench = new Bench({ log, options, config: file, settings, say });
  if (log.isCold && scenario.needsLog !== false) {
    say('warming the broker up');
    const { warmUpConfig } = scenario;
    const warming =
      warmUpConfig === undefined
        ? bench
        : new Bench({ log, options, config: ownFile(warmUpConfig), settings: [], say });
    await warming.warmUp();
  }
  const findings = await scenario.run(bench);
  return {
    scenario: scenario.name,
    measures: scenario.measures,
    command,
    startedAt: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    machine: describeMachine(),
    log: log.description,
    configs: bench.ran.all.length > 0 ? bench.ran.all : [{ name: scenario.config, config: flatten(config) }],
    ...findings,
  };
}
