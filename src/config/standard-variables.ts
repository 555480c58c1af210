// Environment variables that OpenTelemetry has for all programs. They count where no source of our
// own has the key: what was written for scorelane alone is meant more.

import type { GivenKeys } from './given.ts';

interface Standard {
  readonly key: string;
  readonly variable: string;
  readonly read: (text: string) => string;
}

const asItIs = (text: string): string => text;

/** In the order in which they count. */
const STANDARD: readonly Standard[] = [
  { key: 'tracing.endpoint', variable: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', read: asItIs },
  {
    key: 'tracing.endpoint',
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    read: (text) => `${text.replace(/\/+$/, '')}/v1/traces`,
  },
  { key: 'tracing.serviceName', variable: 'OTEL_SERVICE_NAME', read: asItIs },
];

/** Whether they ask for what is not here: no tracing at all, or the protocol over gRPC. */
const isOff = (environment: NodeJS.ProcessEnv): boolean =>
  environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true' ||
  (environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? environment.OTEL_EXPORTER_OTLP_PROTOCOL) === 'grpc';

/** After all other sources. An empty variable is as none, as OpenTelemetry has it. */
export function giveStandard(top: GivenKeys, environment: NodeJS.ProcessEnv): void {
  if (isOff(environment)) return;
  for (const { key, variable, read } of STANDARD) {
    const text = environment[variable] ?? '';
    if (text !== '' && !top.values.has(key)) top.giveText(key, read(text), variable);
  }
}
