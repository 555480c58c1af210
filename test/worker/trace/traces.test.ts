// A result continues the trace of its record where tracing is on, and only there. How many records
// get a span of their own is bounded; what goes beyond keeps its trace as it came.

import test from 'ava';
import fc from 'fast-check';
import { parseCondition } from '../../../src/answers/condition.ts';
import { encodeHeaders } from '../../../src/log/record-batch-writer.ts';
import type { TracingSetup } from '../../../src/scoring/traced.ts';
import { TraceSampler } from '../../../src/worker/trace/trace-sampler.ts';
import type { ScorerSetup } from '../../../src/worker-protocol/messages.ts';
import { type Given, microBatchOf, outputsOf, transactions } from '../../support/model.ts';
import { runs } from '../../support/runs.ts';
import { requestFor, score, scoreOne, scorerWith, sums } from '../../support/scorer.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const parentOf = (flags: string): string => `00-${TRACE}-${SPAN}-${flags}`;
const headersOf = (...pairs: (readonly [string, string])[]): Uint8Array =>
  encodeHeaders(pairs.map(([key, value]) => ({ key, value: Buffer.from(value) })));
const given = (headers: Uint8Array, count = 1): Given[] =>
  transactions(count).map((value, index) => ({ key: `k${index}`, value, headers }));

const ON: TracingSetup = { sampling: 0, recordsPerSecond: 1_000 };
const scorer = (tracing: TracingSetup | null, more: Partial<ScorerSetup> = {}) =>
  scorerWith(sums([]), { tracing, ...more });

test('a sampled record: its result is the next span of its trace, and its tracestate goes along', (t) => {
  const records = given(headersOf(['traceparent', parentOf('01')], ['tracestate', 'vendor=a,other=b']));
  const outcome = score(scorer(ON), records);
  const [result] = outputsOf(outcome);
  const [traced] = outcome.traced;
  t.is(traced?.records.length, 1);
  t.like(traced?.records[0], {
    traceId: TRACE,
    parentId: SPAN,
    offset: 100,
    code: null,
    state: 'vendor=a,other=b',
  });
  t.like(traced, { first: 100, until: 101, results: 1, deadLetters: 0, skipped: 0 });
  t.is(result?.headers.traceparent, `00-${TRACE}-${traced?.records[0]?.spanId}-01`);
  t.is(result?.headers.tracestate, 'vendor=a,other=b');
  t.is(result?.headers['__scorelane.source.offset'], '100');
});

test('a record that is not sampled hands its trace on as it is, and makes no span', (t) => {
  const outcome = score(scorer(ON), given(headersOf(['traceparent', parentOf('00')])));
  t.deepEqual(outcome.traced, []);
  t.is(outputsOf(outcome)[0]?.headers.traceparent, parentOf('00'));
});

test('a malformed traceparent is dropped, with the tracestate beside it', (t) => {
  const outcome = score(scorer(ON), given(headersOf(['traceparent', 'xx'], ['tracestate', 'vendor=a'])));
  t.deepEqual(Object.keys(outputsOf(outcome)[0]?.headers ?? {}), [
    '__scorelane.source.topic',
    '__scorelane.source.partition',
    '__scorelane.source.offset',
  ]);
});

test('a result of a route continues the trace as the result does', (t) => {
  const routes = [{ topic: 'alerts', when: parseCondition('score > -1000000000') }];
  const outcome = score(scorer(ON, { routes }), given(headersOf(['traceparent', parentOf('01')])));
  const [result, routed] = outputsOf(outcome);
  t.is(routed?.topic, 'alerts');
  t.deepEqual(routed?.headers, result?.headers);
});

test('a dead letter keeps the headers of its record untouched; its span says why', (t) => {
  const headers = headersOf(['traceparent', parentOf('01')]);
  const outcome = score(scorer(ON), [{ key: 'k', value: null, headers }]);
  t.is(outputsOf(outcome)[0]?.headers.traceparent, parentOf('01'));
  t.like(outcome.traced[0]?.records[0], { traceId: TRACE, code: 'NO_VALUE' });
  t.like(outcome.traced[0], { results: 0, deadLetters: 1 });
});

test('with tracing off results have not one byte more, and nothing is told of traces', (t) => {
  const plain = score(scorer(null), given(encodeHeaders([]), 5));
  const traced = score(scorer(null), given(headersOf(['traceparent', parentOf('01')]), 5));
  t.deepEqual(traced.outputs, plain.outputs);
  t.deepEqual(traced.traced, []);
  const on = score(scorer(ON), given(encodeHeaders([]), 5));
  t.deepEqual(on.outputs, plain.outputs, 'nor with tracing on, where records have no trace');
});

test('a producer that samples every trace gets a bounded number of spans', (t) => {
  const outcome = score(scorer(ON), given(headersOf(['traceparent', parentOf('01')]), 100));
  t.is(outcome.traced[0]?.records.length, 32, 'a micro-batch links to no more');
  const spans = new Set(outputsOf(outcome).map(({ headers }) => headers.traceparent));
  t.is(spans.size, 33, 'all others hand on what came');
  t.true(spans.has(parentOf('01')));
  const silent = scorer({ sampling: 0, recordsPerSecond: 0 });
  const none = score(silent, given(headersOf(['traceparent', parentOf('01')]), 3));
  t.deepEqual(none.traced, []);
  t.is(outputsOf(none)[0]?.headers.traceparent, parentOf('01'));
});

test('records of one micro-batch are in no trace of another that shares its task', (t) => {
  const asked = [parentOf('01'), parentOf('00'), parentOf('01')].map((parent) =>
    microBatchOf(given(headersOf(['traceparent', parent]), 2)),
  );
  const outcomes = scorer(ON).score(requestFor(...asked));
  t.deepEqual(
    outcomes.map(({ traced }) => traced.flatMap(({ records }) => records.map(({ offset }) => offset))),
    [[0, 1], [], [0, 1]],
  );
});

test('micro-batches whose records ask for nothing are traced by their share', (t) => {
  const always = scorer({ sampling: 1, recordsPerSecond: 0 });
  const batch = microBatchOf(given(encodeHeaders([]), 4));
  t.like(scoreOne(always, batch).traced[0], { results: 4, records: [] });
  const answered = scoreOne(always, batch, { omit: [{ from: 0, until: 4 }] });
  t.deepEqual(answered.traced, [], 'nothing was done');
});

test('over any stretch of time no more records are traced than the rate allows, and one second of it at once', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
      (recordsPerSecond, waits) => {
        let nowMs = 0;
        const sampler = new TraceSampler({ sampling: 0, recordsPerSecond }, () => nowMs);
        let taken = 0;
        for (const wait of waits) {
          nowMs += wait;
          if (sampler.takesRecord()) taken++;
        }
        t.true(taken <= recordsPerSecond * (1 + nowMs / 1_000) + 1e-6);
      },
    ),
    runs(300),
  );
});
