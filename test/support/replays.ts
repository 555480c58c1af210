// Runs `scorelane replay` over the history of a job, and reads what it reports.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplayReport } from '../../src/rescoring/report.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { flags, type Job, Program } from './daemon.ts';

export interface Replayed {
  readonly report: ReplayReport;
  readonly state: string;
  readonly out: string;
}

/** Without what differs between two runs on the same machine. */
export const lasting = ({ seconds: _, recordsPerSecond: __, ...report }: ReplayReport) => report;

export interface Replays {
  readonly newFile: (name: string) => string;
  readonly replay: (...args: string[]) => Program;
  /** Runs it to its end. Its state is in a folder of the test. */
  readonly replayed: (...args: string[]) => Promise<Replayed>;
}

/** Arguments with which a replay takes long enough to be interrupted. */
export const SLOWLY: readonly string[] = [
  'microBatch.records=10',
  'lanes.inFlight=1',
  'scoring.workers=1',
  'scoring.predictRecords=1',
].flatMap((setting) => ['--set', setting]);

export function replaysOf(job: () => Job): Replays {
  const folder = tempFolder('replay');
  let files = 0;
  const newFile = (name: string): string => join(folder, `${files++}-${name}`);
  const replay = (...args: string[]): Program =>
    new Program(['replay', '--config', 'config/kafka.yaml', ...flags(job(), []), ...args]);
  return {
    newFile,
    replay,
    async replayed(...args) {
      const [json, state] = [newFile('report.json'), newFile('state.json')];
      const keeps = args.includes('--resume') ? [] : ['--state', state];
      const { code, out } = await replay('--json', json, ...keeps, ...args).ended;
      if (code !== 0) throw new Error(`replay ended with ${code}:\n${out}`);
      return { report: JSON.parse(readFileSync(json, 'utf8')) as ReplayReport, state, out };
    },
  };
}
