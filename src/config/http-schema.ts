// The keys under `http`: where health, metrics and administration are served, and the limits that
// keep a bad client from costing much.

import { z } from 'zod';
import { path } from './paths.ts';
import { secret } from './secrets.ts';
import { duration, size, wholeNumber } from './units.ts';

/** `none`, or a host and a port; an IPv6 address stands in brackets. */
const LISTEN = /^(?:none|(?:\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5})$/;
const PORT_MAX = 65_535;

export const http = z.strictObject({
  listen: z
    .string()
    .regex(LISTEN, 'expected host:port, such as 127.0.0.1:8080, or none')
    .refine((text) => !(Number(text.slice(text.lastIndexOf(':') + 1)) > PORT_MAX), {
      error: `expected a port from 0 to ${PORT_MAX}`,
    })
    .default('127.0.0.1:8080')
    .describe(
      'Where run serves health, metrics and administration. Only this machine reaches 127.0.0.1; 0.0.0.0:8080 is all networks. ' +
        'Port 0: a free one. none: no server. If the default is taken, a free port is used, and the log says which.',
    ),
  bodyBytes: size('1KiB', '1GiB')
    .prefault('16MiB')
    .describe('A request with a larger body is refused with 413.'),
  requestTimeout: duration('100ms', '1h')
    .prefault('30s')
    .describe(
      'How long a client may take to send a request, and as long to take the answer. Then its connection is closed.',
    ),
  connections: wholeNumber(1, 100_000)
    .default(1000)
    .describe('Connections at once; more are closed at once.'),
  inference: z
    .boolean()
    .default(true)
    .describe(
      'Whether requests are scored: POST /v1/score/<job>, the Open Inference Protocol, and the REST interface of TensorFlow Serving. ' +
        'Whoever reaches http.listen may ask; false: health, metrics and administration only.',
    ),
  scoreTimeout: duration('10ms', '1h')
    .prefault('10s')
    .describe(
      'A request that is not scored after so long gets 504. While streams need all threads, requests take turns with them.',
    ),
  queueRecords: wholeNumber(1, 10_000_000)
    .default(16_384)
    .describe(
      'Records of requests that wait or are scored, of all jobs. A request that does not fit gets 503 with Retry-After. ' +
        'The default is eight predict calls: at 100,000 a second a sixth of a second.',
    ),
  queueBytes: size('64KiB', '64GiB')
    .prefault('16MiB')
    .describe(
      'Bytes of the bodies of such requests, from their first byte on; also 503. One body is always taken, whatever its size.',
    ),
  tlsCertificate: path('a file')
    .optional()
    .describe(
      'PEM file of the certificate of the server, with those of its authorities: then it serves https alone. A file that is replaced ' +
        'is taken within a minute; so is the key.',
    ),
  tlsKey: path('a file').optional().describe('PEM file of its key.'),
  tlsKeyPassword: secret().optional().describe('Password of that key.'),
  tlsClientAuthority: path('a file')
    .optional()
    .describe(
      'PEM file of authorities. Then only clients with a certificate of one of them are answered, probes too.',
    ),
  adminToken: secret()
    .optional()
    .describe(
      'Who sends this token may ask all of /admin: pause, resume, drain, dump, reload, the log level, and which version of a model ' +
        'serves; better given as SCORELANE_HTTP_ADMIN_TOKEN. Make it long and random. Without it nobody may.',
    ),
  page: z
    .boolean()
    .default(true)
    .describe(
      'Whether / shows what the daemon does, in a browser. Like /metrics it has no login; it shows topics, offsets, counts and reasons, ' +
        'and nothing of a record.',
    ),
  partitionSeries: wholeNumber(0, 10_000)
    .default(256)
    .describe(
      'A job that owns more partitions has no metrics for each of them, only their sums. So Prometheus is not flooded.',
    ),
});

/** Where to listen; null for `none`. */
export function listenAddress(listen: string): { readonly host: string; readonly port: number } | null {
  if (listen === 'none') return null;
  const colon = listen.lastIndexOf(':');
  return {
    host: listen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(listen.slice(colon + 1)),
  };
}
