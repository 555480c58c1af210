// A repository whose versions come and go, and a daemon on the embedded log that serves from it.

import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { forward, type Mlp } from '../../bench/models/mlp.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { openLog } from '../../src/daemon/open-log.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { planOf, readManifest } from '../../src/model/manifest.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { load } from './config.ts';
import { ROOT } from './daemon.ts';
import { batchOf, recordsIn } from './records.ts';
import { windowsModel } from './windows-model.ts';

const FIELD = '\n  - { path: amount, log1p: true }';

export class VersionsRepository {
  readonly folder = tempFolder('versions');
  readonly #models = new Map<string, Mlp>();

  /**
   * A version, as an import adds it: beside, then renamed into its place. `spoil` is given the
   * folder before.
   */
  add(
    version: string,
    {
      inputs = FIELD,
      windows = '{}',
      spoil,
      ...weights
    }: {
      inputs?: string;
      windows?: string;
      spoil?: (folder: string) => void;
      hidden?: number;
      scale?: number;
      more?: string;
    } = {},
  ): void {
    const { folder, model } = windowsModel(inputs, windows, version, weights);
    this.#models.set(version, model);
    const draft = join(this.folder, `.draft-${version}`);
    cpSync(folder, draft, { recursive: true });
    spoil?.(draft);
    mkdirSync(join(this.folder, 'cards'), { recursive: true });
    renameSync(draft, join(this.folder, 'cards', version));
  }

  /** The scores that a version gives, computed from its weights. */
  scoresOf(version: string, records: readonly { readonly amount: number }[]): number[] {
    const plan = planOf(readManifest(join(this.folder, 'cards', version)));
    const row = new Float32Array(plan.width);
    const model = this.#models.get(version) as Mlp;
    return records.map((record) => {
      plan.fill(record, row, 0, 0, null);
      return forward(model, [...row]);
    });
  }
}

/** Settings of a job on a broker that follows the label stable, and looks for it often. */
export const stableOf = ({ folder }: VersionsRepository): readonly string[] => [
  ...[`model.repository=${folder}`, 'model.name=cards', 'model.backend=wasm'],
  ...['model.version=stable', 'model.watch=100ms', 'input.format=json', 'output.format=json'],
];

/** A repository with a copy of that model alone. */
export function repositoryOf(model: string): string {
  const repository = tempFolder('repository');
  cpSync(join(ROOT, 'native-models', model), join(repository, model), { recursive: true });
  return repository;
}

/** A result, of which record and by which version. */
export interface VersionedResult {
  readonly partition: number;
  readonly id: number;
  readonly version: string;
  readonly score: number;
  readonly features?: readonly number[];
}

export async function serving({ folder }: VersionsRepository, partitions: number, ...settings: string[]) {
  const { config } = load(
    `log: memory
input: { topic: in, format: json }
output: { topic: out, format: json, ids: [id] }
deadLetters: { topic: dead }
model: { repository: ${folder}, name: cards, backend: wasm, watch: 0 }
memory: { partitions: ${partitions} }
lanes: { commitInterval: 20ms }
`,
    ['scoring.workers=2', ...settings],
  );
  const said: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      said.push((JSON.parse(chunk.toString()) as { msg: string }).msg);
      done();
    },
  });
  const logger = pino({ level: 'info' }, stream);
  const broker = new MemoryBroker();
  const log = openLog(config, logger, broker);
  const fatal: Error[] = [];
  const daemon = await Daemon.start(config, {
    ...{ logger, log, failFast: true },
    onFatal: (error) => fatal.push(error),
  });
  return {
    daemon,
    said,
    fatal,
    /** One record batch for each partition. Its ids are the offsets. */
    send: (partition: number, records: readonly { readonly id: number }[], key = 'k') =>
      log.sink.produce([
        batchOf(
          'in',
          partition,
          records.map((record) => ({ key, value: JSON.stringify(record) })),
        ),
      ]),
    /** In their order in each partition of the output. */
    results: (): VersionedResult[] =>
      broker
        .partitions('out')
        .flatMap(({ batches }, partition) =>
          batches.flatMap((batch) =>
            recordsIn(batch).map(({ value }) => ({ partition, ...JSON.parse(value ?? '') })),
          ),
        ),
  };
}
