// The use cases as a user runs them, each by one command on the embedded log: their streams are
// scored without a dead letter, by models that give their golden outputs on every backend.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { probeBackends } from '../../src/model/backend-probe.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program, ROOT } from '../support/daemon.ts';

const REPOSITORY = join(ROOT, 'native-models');
const MODELS = readdirSync(REPOSITORY, { withFileTypes: true }).filter((entry) => entry.isDirectory());

for (const { name } of MODELS)
  test.serial(`${name}: the golden records agree on every backend that it has an artefact for`, async (t) => {
    const modelFolder = join(REPOSITORY, name, '1');
    const { reports } = await probeBackends({ modelFolder, wanted: 'auto', batchRecords: 64 });
    for (const { backend, missing, isMissing } of reports)
      t.true(missing === null || (isMissing && backend === 'onnx'), `${backend}: ${missing}`);
  });

for (const useCase of ['anomaly', 'recommendation', 'pricing'])
  test.serial(
    `demo ${useCase}: what is generated is scored without a dead letter, and nothing piles up`,
    async (t) => {
      t.timeout(120_000);
      const { code, out } = await new Program(['demo', useCase, '--for', '4s']).ended;
      t.is(code, 0, out);
      t.regex(
        out,
        // The stream goes on until the end of the run: the last few milliseconds of it may be
        // unscored.
        new RegExp(
          `scored [1-9][\\d,]* records in .* with ${useCase} 1 on \\w+: .*, 0 dead letters, lag \\d{1,3}\\n`,
        ),
      );
    },
  );

test.serial('two jobs of one process score side by side, each with its own summary', async (t) => {
  t.timeout(120_000);
  const summary = join(tempFolder('jobs'), 'summary.json');
  const config = join(ROOT, 'config', 'jobs.yaml');
  // The time counts from the first record: a start takes longer than this.
  const { code, out } = await new Program(['run', '--config', config, '--for', '1s', '--summary', summary])
    .ended;
  t.is(code, 0, out);
  const { jobs } = JSON.parse(readFileSync(summary, 'utf8')) as { jobs: Record<string, Summary> };
  t.deepEqual(Object.keys(jobs), ['fraud', 'pricing']);
  for (const [name, { scored, deadLetters }] of Object.entries(jobs)) {
    t.true(scored > 0, `${name}: ${out}`);
    t.is(deadLetters, 0);
    t.regex(out, new RegExp(`^job ${name}\\nscored `, 'm'));
  }
});
