// The clients that people have: tritonclient, and requests with what TensorFlow Serving is asked.
// They get the scores of the stream.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { goldenRows } from '../../src/model/golden-rows.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';
import { ensureClients } from '../../tools/python.ts';
import { ROOT } from '../support/daemon.ts';
import { serveModel } from '../support/served.ts';

const TOKEN = 'a-token-of-more-than-sixteen';

interface Told {
  readonly live: boolean;
  readonly ready: boolean;
  readonly server: object;
  readonly metadata: object;
  readonly infer: readonly number[][];
  readonly async: readonly number[][];
  readonly refused: string;
  readonly index: readonly object[];
  readonly unload: string;
  readonly status: object;
  readonly signature: object;
  readonly predictions: readonly number[][];
  readonly outputs: readonly number[][];
}

async function told(url: string, rows: readonly number[][]): Promise<Told> {
  const executable = await ensureClients();
  const script = join(ROOT, 'test', 'support', 'python', 'http_clients.py');
  const printed = await new Promise<string>((resolve, reject) => {
    const child = execFile(executable, [script, url, 'creditcard', TOKEN], (error, out) =>
      error === null ? resolve(out) : reject(error),
    );
    child.stdin?.end(JSON.stringify(rows));
  });
  return JSON.parse(printed) as Told;
}

test('tritonclient and a client of TensorFlow Serving get the scores of the stream', async (t) => {
  t.timeout(120_000);
  const served = await serveModel('creditcard', `http.adminToken=${TOKEN}`);
  t.teardown(() => served.stop());
  const manifest = readManifest(join(ROOT, 'native-models', 'creditcard', '1'));
  const golden = readGolden(manifest);
  const { width } = manifest;
  const features = goldenRows(manifest, golden);
  const rows = golden.map((_, row) => [...features.subarray(row * width, (row + 1) * width)]);
  const { results } = await served.stream(golden.map(({ record }) => Buffer.from(JSON.stringify(record))));
  const scores = results.map((bytes) =>
    Math.fround((JSON.parse(Buffer.from(bytes).toString()) as { score: number }).score),
  );
  const said = await told(served.url, rows);
  t.true(said.live && said.ready);
  t.like(said.server, { name: 'scorelane', extensions: ['binary_tensor_data', 'model_repository'] });
  t.like(said.metadata, { name: 'creditcard', versions: ['1'] });
  for (const inferred of [...said.infer, ...said.async]) t.deepEqual(inferred, scores);
  t.regex(said.refused, /features: expected the shape \[rows, 29\] with at least one row, found \[\d+,3\]/);
  t.deepEqual(said.index, [{ name: 'creditcard', version: '1', state: 'READY', reason: '' }]);
  t.regex(said.unload, /unloaded by themselves when nothing needs them/);
  t.like(said.status, { model_version_status: [{ version: '1', state: 'AVAILABLE' }] });
  t.deepEqual(Object.keys(said.signature), ['serving_default']);
  for (const given of [said.predictions, said.outputs])
    t.deepEqual(
      given.flat().map((score) => Math.fround(score)),
      scores,
    );
});
