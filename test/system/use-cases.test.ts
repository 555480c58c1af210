// The use cases as a user runs them, each by one command on the embedded log: their streams are
// scored without a dead letter, by models that give their golden outputs on every backend.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { probeBackends } from '../../src/model/backend-probe.ts';
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
  test.serial(`demo ${useCase}: all that is generated is scored`, async (t) => {
    t.timeout(120_000);
    const { code, out } = await new Program(['demo', useCase, '--for', '4s']).ended;
    t.is(code, 0, out);
    t.regex(
      out,
      new RegExp(`scored [1-9][\\d,]* records in .* with ${useCase} 1 on \\w+: .*, 0 dead letters, lag 0`),
    );
  });
