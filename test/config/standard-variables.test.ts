// OpenTelemetry's own variables turn tracing on where nothing was written for scorelane alone.

import test from 'ava';
import { load, MINIMAL, problemsOf } from '../support/config.ts';

const tracingOf = (environment: NodeJS.ProcessEnv, more = '', flags: string[] = []) =>
  load(`${MINIMAL}${more}`, flags, environment).config.tracing;
const BASE = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

test('without any of them there is no tracing', (t) => {
  t.is(tracingOf({}).endpoint, 'none');
  t.is(tracingOf({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }).endpoint, 'none', 'empty is as none');
});

test('the general address gets the path of traces, the address of traces is taken as it is', (t) => {
  t.is(tracingOf(BASE).endpoint, 'http://collector:4318/v1/traces');
  const both = { ...BASE, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/here' };
  t.is(tracingOf(both).endpoint, 'https://other/here');
  t.is(tracingOf({ OTEL_SERVICE_NAME: 'fraud' }).serviceName, 'fraud');
});

test('what is written for scorelane counts more, from whatever source', (t) => {
  t.is(tracingOf(BASE, 'tracing: {endpoint: none}').endpoint, 'none');
  t.is(tracingOf({ ...BASE, SCORELANE_TRACING_ENDPOINT: 'http://a/b' }).endpoint, 'http://a/b');
  t.is(tracingOf(BASE, '', ['tracing.endpoint=http://c/d']).endpoint, 'http://c/d');
});

test('they ask for no protocol that is not here, and can be off', (t) => {
  t.is(tracingOf({ ...BASE, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }).endpoint, 'none');
  t.is(tracingOf({ ...BASE, OTEL_SDK_DISABLED: 'true' }).endpoint, 'none');
});

test('a value that is wrong is told with the variable that it comes from, without a login in it', (t) => {
  const told = problemsOf(MINIMAL, [], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:canary@collector:4318' });
  t.regex(told, /^OTEL_EXPORTER_OTLP_ENDPOINT: tracing\.endpoint: expected an address such as /);
  t.notRegex(told, /canary/);
});

test('headers that cannot be read are refused, and not shown', (t) => {
  for (const headers of ['no-equals-canary', 'a=%zz-canary', 'a=1,=canary']) {
    const told = problemsOf(`${MINIMAL}tracing: {headers: "${headers}"}`);
    t.regex(told, /tracing\.headers: expected name=value,name=value/);
    t.notRegex(told, /canary/);
  }
});
