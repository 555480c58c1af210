// Versions of the model, in the worlds where they come and go while lanes score: each daemon loads
// some, lets one after the other serve, goes back to one before, and unloads what nobody needs.

import type { Driver } from '../../src/engine/driver.ts';
import type { Failure } from '../../src/engine/messages.ts';
import type { StatefulPool } from '../../src/pool/stateful-pool.ts';
import type { StatelessPool } from '../../src/pool/stateless-pool.ts';
import { NotLoadedError, type ScorerSetup } from '../../src/worker-protocol/messages.ts';
import * as checkers from '../guarantees/checkers.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { type Dice, isCalm, type Plan } from './faults.ts';
import { processOf, type SimProcess } from './process.ts';
import { type PlanName, planOfVersion } from './sim-model.ts';

/** Seldom enough that a lane has results of a version before the next one serves. */
const ACTS_MS = 120;
/** Names of versions are numbers: nobody finds the same one under two of them. */
const NAME = 'm@';
/** What a thread says that dies while it loads. */
export const DIED = 'the thread was killed';

export const deploymentOf = (version: string, setup: ScorerSetup, plan: PlanName | undefined) => ({
  id: `${NAME}${version}`,
  setup,
  ...(plan === undefined ? {} : { plan }),
});

export const versionOf = (deployment: string): string => deployment.slice(NAME.length);

/**
 * The plan of a version; undefined where the model has no windows. Versions have other windows only
 * where nothing is routed: a repeat by another version would meet the condition or not. And not in
 * calm worlds: what waits for its windows is more than every rebalance waits for.
 */
export function planIn(world: Plan, version: string): PlanName | undefined {
  if (!world.windows) return undefined;
  const differ = world.faults.has('versions') && !world.faults.has('routes') && !isCalm(world);
  return differ ? planOfVersion(version) : 'first';
}

interface Parts {
  readonly process: SimProcess;
  readonly dice: Dice;
  readonly pool: StatelessPool | StatefulPool;
  readonly driver: Driver;
  readonly history: HistoryEvent[];
  readonly setup: ScorerSetup;
  /** The plan of a version; undefined where the model has no windows. */
  readonly planOf: (version: string) => PlanName | undefined;
  readonly note: (words: () => string) => void;
  readonly failed: (words: string) => void;
}

/** As a daemon has them. */
export class SimVersions {
  readonly #parts: Parts;
  /** That are on the threads. */
  readonly #loaded = ['1'];
  #serving = '1';
  #newest = 1;
  /** The one that served before, which a daemon keeps for the way back. */
  #before = '1';
  readonly #removed = new Set<string>();

  /** The first one serves from now on. */
  constructor(parts: Parts) {
    this.#parts = parts;
    this.#serve('1');
  }

  /** As long as the process lives. */
  comeAndGo(): void {
    const { process, dice } = this.#parts;
    if (!dice.has('versions')) return;
    process.after(dice.of('versions').below(ACTS_MS), async () => {
      if (dice.on('versions')) await this.#act();
      this.comeAndGo();
    });
  }

  /** Whether a version is missed that was unloaded. A thread may also have begun again. */
  tookAway({ code, message }: Failure): boolean {
    return code === new NotLoadedError().code && [...this.#removed].some((id) => message.endsWith(` ${id}`));
  }

  async #act(): Promise<void> {
    const random = this.#parts.dice.of('versions');
    const others = this.#loaded.filter((version) => version !== this.#serving);
    const known = others[random.below(Math.max(1, others.length))];
    const goesBack = random.next() < 0.5;
    const removes = random.next() < 0.4;
    if (known === undefined || !goesBack) {
      await this.#load(`${++this.#newest}`);
      // As a daemon does in the same look, while what the version has begun is still in flight.
      if (removes && known !== undefined && known !== this.#before) await this.#remove(known);
    } else if (removes) await this.#remove(known);
    else this.#serve(known);
  }

  async #load(version: string): Promise<void> {
    const { pool, setup, planOf, note, failed, process } = this.#parts;
    try {
      await pool.versions.add(deploymentOf(version, setup, planOf(version)));
    } catch (error) {
      const { message, stack } = error as Error;
      if (message !== DIED) failed(`${process.name} cannot load ${version}: ${stack}`);
      note(() => `${process.name} gives up version ${version}: ${message}`);
      return;
    }
    this.#loaded.push(version);
    this.#serve(version);
  }

  #serve(version: string): void {
    const { pool, driver, history, note, process } = this.#parts;
    pool.versions.serve(`${NAME}${version}`);
    driver.serve(`${NAME}${version}`);
    this.#before = this.#serving;
    this.#serving = version;
    history.push({ type: 'served', process: process.number, version });
    note(() => `${process.name} serves version ${version}`);
  }

  async #remove(version: string): Promise<void> {
    const { pool, driver, note, process } = this.#parts;
    const id = `${NAME}${version}`;
    if ([...driver.state.lanes.values()].some(({ ledger }) => ledger.has(id))) return;
    this.#loaded.splice(this.#loaded.indexOf(version), 1);
    note(() => `${process.name} unloads version ${version}`);
    this.#removed.add(id);
    await pool.versions.remove(id);
  }
}

const VERSION = /"version":"(\d+)"/g;

/** The versions in the results of a micro-batch that are not the one that was to score it. */
export function strangersIn(
  outputs: readonly { readonly bytes: Uint8Array }[],
  deployment: string | undefined,
): readonly string[] {
  const found = new Set<string>();
  for (const { bytes } of outputs)
    for (const [, version = ''] of Buffer.from(bytes).toString('latin1').matchAll(VERSION))
      if (deployment === undefined || version !== versionOf(deployment)) found.add(version);
  return [...found];
}

/**
 * Within an ownership the versions of the results follow the order in which its daemon let them
 * serve: none comes back by itself.
 */
export function outOfTurn(history: readonly HistoryEvent[]): string[] {
  const served = new Map<number, string[]>();
  const turns = new Map<string, number>();
  const found: string[] = [];
  for (const event of history) {
    if (event.type === 'served') {
      const before = served.get(event.process) ?? [];
      served.set(event.process, before);
      before.push(event.version);
    }
    if (event.type !== 'appended' || event.version === undefined || event.epoch < 0) continue;
    const { partition, incarnation, epoch, offset, version, into } = event;
    // Where lanes share a partition, a copy of an old producer may still be on its way to it.
    const where = `${into?.incarnation} ${into?.partition} ${into?.sender ?? ''}`;
    const lane = `${partition} of ${incarnation}, epoch ${epoch}, in ${where}`;
    const turn = served.get(processOf(epoch))?.indexOf(version, turns.get(lane) ?? 0) ?? -1;
    if (turn < 0) found.push(`${lane}: version ${version} has come back by itself, at offset ${offset}`);
    else turns.set(lane, turn);
  }
  return found;
}

/** Versions with other windows have other scores: invariant 8 holds for each plan by itself. */
export function sameInputGivesSameOutput(history: readonly HistoryEvent[]): string[] {
  const planOf = (event: HistoryEvent): PlanName | undefined =>
    event.type === 'appended' && event.version !== undefined ? planOfVersion(event.version) : undefined;
  const plans = new Set(history.flatMap((event) => planOf(event) ?? []));
  return [...plans].flatMap((plan) =>
    checkers.sameInputGivesSameOutput(history.filter((event) => (planOf(event) ?? plan) === plan)),
  );
}
