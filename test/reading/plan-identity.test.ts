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
  'how JSON is read': () =>
    planIdentity({ inputs, windows }, { ...setup, json: { ...setup.json, notFinite: true } }),
  'how Avro is framed': () =>
    planIdentity({ inputs, windows }, { ...setup, avro: { ...avro, framing: 'plain' } }),
};

for (const [what, other] of Object.entries(others)) {
  test(`another plan: ${what}`, (t) => {
    t.not(other(), identity);
  });
}

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
