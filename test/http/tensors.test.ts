// Tensors over HTTP, by the Open Inference Protocol and the REST interface of TensorFlow Serving:
// the model's own inputs, from rows that its plan has computed, give the scores of the stream.
// Wrong tensors are told in words, and never reach the runtime.

import { join } from 'node:path';
import test from 'ava';
import { goldenRows } from '../../src/model/golden-rows.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { ROOT } from '../support/daemon.ts';
import { type Served, serveModel } from '../support/served.ts';
import { until } from '../support/until.ts';

const folderOf = (name: string): string => join(ROOT, 'native-models', name, '1');
const manifest = readManifest(folderOf('creditcard'));
const golden = readGolden(manifest);
const rows = goldenRows(manifest, golden);
const { width } = manifest;
const listed = golden.map((_, row) => [...rows.subarray(row * width, (row + 1) * width)]);
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const [infer, predict] = ['/v2/models/creditcard/infer', '/v1/models/creditcard:predict'];

let served: Served;
/** What the stream gives. */
let scores: readonly number[];
test.before(async () => {
  served = await serveModel('creditcard');
  const { results } = await served.stream(golden.map(({ record }) => json(record)));
  scores = results.map((bytes) => (JSON.parse(Buffer.from(bytes).toString()) as { score: number }).score);
});
test.after.always(() => served?.stop());

const tensor = (data: unknown, more: object = {}): object => ({
  name: 'features',
  datatype: 'FP32',
  shape: [golden.length, width],
  data,
  ...more,
});
const bits = (values: Iterable<number>): number[] => [...new Int32Array(Float32Array.from(values).buffer)];

interface Inferred {
  readonly id?: string;
  readonly outputs: readonly { readonly name: string; readonly shape: number[]; readonly data: number[] }[];
}

test('infer gives the scores of the stream to the bit, from nested and from flat lists', async (t) => {
  for (const data of [listed, listed.flat()]) {
    const answer = await served.post(infer, json({ id: 'seven', inputs: [tensor(data)] }));
    t.is(answer.status, 200);
    const { id, outputs } = (await answer.json()) as Inferred;
    t.is(id, 'seven');
    t.deepEqual(outputs[0]?.shape, [golden.length, 1]);
    t.deepEqual(bits(outputs[0]?.data ?? []), bits(scores));
  }
});

test('infer takes and gives tensors as bytes behind the JSON', async (t) => {
  const bytes = Buffer.from(rows.buffer, 0, golden.length * width * 4);
  const head = json({
    inputs: [tensor(undefined, { parameters: { binary_data_size: bytes.length } })],
    outputs: [{ name: 'score', parameters: { binary_data: true } }],
  });
  const answer = await fetch(`${served.url}${infer}`, {
    method: 'POST',
    body: Buffer.concat([head, bytes]),
    headers: { 'inference-header-content-length': String(head.length) },
  });
  t.is(answer.headers.get('content-type'), 'application/octet-stream');
  const body = await answer.arrayBuffer();
  const length = Number(answer.headers.get('inference-header-content-length'));
  t.deepEqual(bits(new Float32Array(body.slice(length))), bits(scores));
});

test(':predict gives the scores of the stream to the bit, by row and by column', async (t) => {
  for (const instances of [listed, listed.map((features) => ({ features }))]) {
    const { predictions } = (await (await served.post(predict, json({ instances }))).json()) as {
      predictions: number[][];
    };
    t.deepEqual(bits(predictions.flat()), bits(scores));
  }
  for (const inputs of [listed, { features: listed }]) {
    const { outputs } = (await (await served.post(predict, json({ inputs }))).json()) as {
      outputs: number[][];
    };
    t.deepEqual(bits(outputs.flat()), bits(scores));
  }
});

test('a model of two tensors of whole numbers and one output of many values is served', async (t) => {
  const other = await serveModel('recommendation');
  t.teardown(() => other.stop());
  const { inputs, outputs } = (await (await other.get('/v2/models/recommendation')).json()) as {
    inputs: object[];
    outputs: { shape: number[] }[];
  };
  t.deepEqual(inputs, [
    { name: 'user', datatype: 'INT32', shape: [-1] },
    { name: 'item', datatype: 'INT32', shape: [-1] },
  ]);
  const instances = [
    { user: 3, item: 4 },
    { item: 9, user: 1 },
  ];
  const byRow = (await (
    await other.post('/v1/models/recommendation:predict', json({ instances }))
  ).json()) as { predictions: number[][] };
  const data = [
    { name: 'item', datatype: 'INT32', shape: [2], data: [4, 9] },
    { name: 'user', datatype: 'INT32', shape: [2], data: [3, 1] },
  ];
  const byTensor = (await (
    await other.post('/v2/models/recommendation/versions/1/infer', json({ inputs: data }))
  ).json()) as Inferred;
  t.is(byTensor.outputs[0]?.shape[1], outputs[0]?.shape[1]);
  t.deepEqual(byTensor.outputs[0]?.data, byRow.predictions.flat());
});

test('a model with windows is served its own rows, while its stream goes on', async (t) => {
  const windows = await serveModel('transactions');
  t.teardown(() => windows.stop());
  const model = readManifest(folderOf('transactions'));
  const known = readGolden(model).slice(0, 1);
  const features = [...goldenRows(model, known)];
  const [{ name } = { name: '' }] = model.outputs;
  const answer = await windows.post('/v1/models/transactions:predict', json({ instances: [features] }));
  const { predictions } = (await answer.json()) as { predictions: number[][] };
  t.true(Math.abs((predictions[0]?.[0] ?? 0) - Number(known[0]?.outputs[name]?.[0])) < 1e-4);
});

test('health, readiness and metadata say what is served', async (t) => {
  const asked = async (path: string): Promise<unknown> => (await served.get(path)).json();
  t.like(await asked('/v2'), { name: 'scorelane', extensions: ['binary_tensor_data'] });
  t.deepEqual(await asked('/v2/health/live'), { live: true });
  t.deepEqual(await asked('/v2/health/ready'), { ready: true });
  t.deepEqual(await asked('/v2/models/creditcard/versions/1/ready'), { name: 'creditcard', ready: true });
  t.deepEqual(await asked('/v2/models/creditcard'), {
    name: 'creditcard',
    versions: ['1'],
    platform: 'tensorflowjs_model',
    inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, width] }],
    outputs: [{ name: 'score', datatype: 'FP32', shape: [-1, 1] }],
  });
  t.deepEqual(await asked('/v1/models/creditcard/versions/1'), {
    model_version_status: [
      { version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
    ],
  });
  t.like(await asked('/v1/models/creditcard/metadata'), {
    model_spec: { name: 'creditcard', signature_name: '', version: '1' },
  });
});

const one = Array.from({ length: width }, () => 0);
const oneRow = (more: object = {}): object => tensor(one, { shape: [1, width], ...more });
const inferOf = (...inputs: unknown[]): object => ({ inputs });
const WRONG: readonly (readonly [path: string, body: unknown, status: number, says: RegExp])[] = [
  [infer, [], 400, /expected a map in JSON/],
  [infer, {}, 400, /inputs: expected a list, found nothing/],
  [infer, inferOf(), 400, /features is missing/],
  [infer, inferOf(7), 400, /inputs\[0\]: expected a map, found 7/],
  [infer, inferOf(oneRow({ name: 'x' })), 400, /expected the name features, found "x"/],
  [infer, inferOf(oneRow(), oneRow()), 400, /features twice/],
  [infer, inferOf(oneRow({ datatype: 'FP64' })), 400, /expected the datatype FP32, found "FP64"/],
  [infer, inferOf(oneRow({ shape: [1, 3] })), 400, /expected the shape \[rows, 29\].*found \[1,3\]/],
  [infer, inferOf(oneRow({ shape: [29] })), 400, /expected the shape \[rows, 29\]/],
  [infer, inferOf(oneRow({ shape: [0, 29] })), 400, /at least one row/],
  [infer, inferOf(oneRow({ shape: [-1, 29] })), 400, /at least one row/],
  [infer, inferOf(oneRow({ shape: [1.5, 29] })), 400, /at least one row/],
  [infer, inferOf(oneRow({ shape: [1e12, 29] })), 413, /http\.queueRecords/],
  [infer, inferOf(oneRow({ shape: [10_000, 29] })), 400, /290000 values for 10000 rows, found a body of/],
  [infer, inferOf(oneRow({ data: [1, 2] })), 400, /expected 29 values for the shape \[1, 29\], found 2/],
  [infer, inferOf(oneRow({ data: 'text' })), 400, /expected data, a list, found "text"/],
  [infer, inferOf(oneRow({ data: [[1, 2]] })), 400, /features\[0\]: expected a list of 29/],
  [
    infer,
    inferOf(oneRow({ data: one.with(3, 'x' as never) })),
    400,
    /row 0, value 3: expected a number, found "x"/,
  ],
  [
    infer,
    inferOf(oneRow({ data: one.with(3, 1e300) })),
    400,
    /a finite number that float32 has, found 1e\+300/,
  ],
  [
    infer,
    inferOf(oneRow({ data: undefined, parameters: { binary_data_size: 4 } })),
    400,
    /expected 4 bytes.*found 0/,
  ],
  [infer, inferOf(oneRow({ parameters: { shared_memory_region: 'x' } })), 400, /shared memory is not served/],
  [infer, { ...inferOf(oneRow()), outputs: [{ name: 'x' }] }, 400, /outputs\[0\]: expected score, found "x"/],
  [
    infer,
    { ...inferOf(oneRow()), outputs: [{ name: 'score' }, { name: 'score' }] },
    400,
    /expected each output once, found "score" twice/,
  ],
  ['/v2/models/x/infer', {}, 404, /no model "x"; there is creditcard/],
  [
    '/v2/models/creditcard/versions/9/infer',
    {},
    404,
    /no version "9" of model "creditcard" is loaded; there is 1/,
  ],
  ['/v2/nothing', {}, 404, /nothing is served/],
  [predict, {}, 400, /instances \(rows\) or inputs \(columns\)/],
  [predict, { instances: [], inputs: [] }, 400, /one of them/],
  [predict, { instances: [] }, 400, /at least one row/],
  [predict, { instances: 3 }, 400, /instances: expected a list, found 3/],
  [predict, { instances: [[1]] }, 400, /instances\[0\], features: expected a list of 29/],
  [predict, { instances: [{ x: one }] }, 400, /instances\[0\]: expected features, found "x"/],
  [predict, { instances: [{}] }, 400, /instances\[0\]: features is missing/],
  [predict, { instances: [one.with(0, null as never)] }, 400, /expected a number, found null/],
  [predict, { inputs: { features: one } }, 400, /a list of 29|values for 29 rows/],
  [predict, { inputs: 'x' }, 400, /lists of one length.*no list/],
  [predict, { signature_name: 'x', instances: [one] }, 400, /signature_name: expected serving_default/],
  ['/v1/models/creditcard:classify', {}, 404, /expected :predict/],
  ['/v1/models/x:predict', {}, 404, /no model "x"/],
];
for (const [index, [path, body, status, says]] of WRONG.entries())
  test(`wrong ${index}: ${path} says ${says}`, async (t) => {
    const answer = await served.post(path, json(body));
    const { error } = (await answer.json()) as { error: string };
    t.regex(error, says);
    t.is(answer.status, status);
  });

test('lists that are nested deeper than calls can be are refused, and are no fault of ours', async (t) => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  for (const body of [`{"instances":${deep}}`, `{"inputs":${deep}}`]) {
    const answer = await served.post(predict, body);
    t.is(answer.status, 400, body.slice(0, 12));
    t.regex(await answer.text(), /expected a list of 29/);
  }
});

test('what no JSON can say is refused too: a body that is none, bytes that do not fit, NaN', async (t) => {
  t.is((await served.post(infer, '{')).status, 400);
  t.is((await served.post(predict, '')).status, 400);
  const asked = async (size: number, length: string, value = 0): Promise<string> => {
    const head = json({
      inputs: [oneRow({ data: undefined, parameters: { binary_data_size: size } })],
    });
    const bytes = Buffer.from(Float32Array.from({ length: 29 }, () => value).buffer);
    const answer = await fetch(`${served.url}${infer}`, {
      method: 'POST',
      body: Buffer.concat([head, bytes]),
      headers: { 'inference-header-content-length': length === '' ? String(head.length) : length },
    });
    t.is(answer.status, 400);
    return ((await answer.json()) as { error: string }).error;
  };
  t.regex(await asked(112, ''), /expected 116 bytes for float32 \[1, 29\], found 112/);
  t.regex(await asked(120, ''), /expected 120 bytes \(binary_data_size\), found 116/);
  t.regex(await asked(116, '9999'), /expected a number up to \d+, the length of the body, found 9999/);
  t.regex(
    await asked(116, '', Number.NaN),
    /row 0, value 0: expected a finite number that float32 has, found NaN/,
  );
});

test.serial('rows that end their thread cost only their own request', async (t) => {
  const other = await serveModel('creditcard');
  t.teardown(() => other.stop());
  const { run } = PiscinaThread.prototype;
  t.teardown(() => {
    PiscinaThread.prototype.run = run;
  });
  const gate = Promise.withResolvers<void>();
  PiscinaThread.prototype.run = async function (request, ...more) {
    await gate.promise;
    // The first value of a row stands for what the runtime does not survive.
    const isDeadly =
      request.type === 'predict' &&
      new Float32Array(request.cells, 0, request.rows * width).some(
        (cell, at) => at % width === 0 && cell === 666,
      );
    if (isDeadly) throw new Error('the thread has ended');
    return run.call(this, request, ...more);
  };
  const { requestRecords } = other.daemon.meter.flow;
  const asked = [one, one.with(0, 666), one.with(1, 1)].map((row) =>
    other.post(predict, json({ instances: [row] })),
  );
  await until('the thread to be asked', () => requestRecords.sum > 0);
  gate.resolve();
  const answers = await Promise.all(asked);
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 500, 200],
  );
  t.regex((await answers[1]?.text()) ?? '', /end their worker thread: the thread has ended/);
});
