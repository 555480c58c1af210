// The identity of a feature plan: what windows hold depends on all that is in it, and on nothing
// else.

import test from 'ava';
import { type PlanInput, planInput } from '../../src/features/spec.ts';
import { type StateOptions, stateSchema } from '../../src/features/window-spec.ts';
import { planIdentity } from '../../src/reading/plan-identity.ts';
import type { ScorerSetup } from '../../src/worker-protocol/messages.ts';
import { setupWith } from '../support/model.ts';

const inputs: readonly PlanInput[] = [
  planInput.parse({ path: 'amount', mean: 1 }),
  planInput.parse({ window: { function: 'sum', by: 'card', of: 'amount', size: '1d' } }),
];
const windows: StateOptions = stateSchema.parse({ time: 'at' });
const avro: ScorerSetup['avro'] = {
  framing: 'confluent',
  schema: null,
  writers: [],
  schemasMax: 10,
  registry: { url: 'http://one', timeoutMs: 1_000 },
};
const setup = setupWith({ avro });
const identity = planIdentity({ inputs, windows }, setup);

const others: Readonly<Record<string, () => string>> = {
  'an input less': () => planIdentity({ inputs: inputs.slice(1), windows }, setup),
  'the order of its columns': () => planIdentity({ inputs: inputs.toReversed(), windows }, setup),
  'how a number is scaled': () =>
    planIdentity(
      { inputs: [planInput.parse({ path: 'amount', mean: 2 }), ...inputs.slice(1)], windows },
      setup,
    ),
  'the time of its windows': () => planIdentity({ inputs, windows: stateSchema.parse({}) }, setup),
  'the bytes that a record may have': () =>
    planIdentity({ inputs, windows }, { ...setup, recordBytesMax: setup.recordBytesMax + 1 }),
  'the headers that it may have': () =>
    planIdentity({ inputs, windows }, { ...setup, headersMax: setup.headersMax + 1 }),
  'how deep it may be nested': () =>
    planIdentity({ inputs, windows }, { ...setup, nestingMax: setup.nestingMax + 1 }),
  'which records are scored': () =>
    planIdentity({ inputs, windows }, { ...setup, only: { country: ['CH'] } }),
  'the format': () => planIdentity({ inputs, windows }, { ...setup, inputFormat: 'json' }),
  'how Avro is framed': () =>
    planIdentity({ inputs, windows }, { ...setup, avro: { ...avro, framing: 'plain' } }),
};

for (const [what, other] of Object.entries(others)) {
  test(`another plan: ${what}`, (t) => {
    t.not(other(), identity);
  });
}

test('another plan: how JSON is read, where it is', (t) => {
  const json = { ...setup, inputFormat: 'json' } as const;
  const loose = { ...setup.json, notFinite: true };
  t.not(planIdentity({ inputs, windows }, { ...json, json: loose }), planIdentity({ inputs, windows }, json));
  t.is(planIdentity({ inputs, windows }, { ...setup, json: loose }), identity);
});

test('the same plan, however its sets are ordered and its schema is spaced', (t) => {
  const first = { ...setup, only: { country: ['CH', 'LI'], kind: [1] } };
  const second = { ...setup, only: { kind: [1], country: ['LI', 'CH'] } };
  t.is(planIdentity({ inputs, windows }, first), planIdentity({ inputs, windows }, second));
  const [close, wide] = ['{"type":"long"}', '{ "type": "long" }'].map((schema) => ({
    ...setup,
    avro: { ...avro, schema },
  })) as [ScorerSetup, ScorerSetup];
  t.is(planIdentity({ inputs, windows }, close), planIdentity({ inputs, windows }, wide));
  const numbers = (schemas: readonly number[]): string =>
    planIdentity(
      { inputs, windows },
      { ...setup, inputFormat: 'json', json: { ...setup.json, isFramed: true, schemas } },
    );
  t.is(numbers([1, 2]), numbers([2, 1]));
  t.not(numbers([1, 2]), numbers([1, 3]));
});

const same: Partial<ScorerSetup> = {
  modelFolder: '/another/version',
  backend: 'cpu',
  results: 'elsewhere',
  idPaths: ['another'],
  predictRecordsMax: 7,
  avro: { ...avro, schemasMax: 20, registry: { url: 'http://two', timeoutMs: 2_000 } },
};

for (const [key, value] of Object.entries(same)) {
  test(`the same plan, whatever ${key} is`, (t) => {
    t.is(planIdentity({ inputs, windows }, { ...setup, [key]: value }), identity);
  });
}
