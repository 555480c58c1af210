// Clients of an HTTP server: so many connections that are kept alive, each with one request at a
// time, as fast as the answers come. It speaks HTTP by itself, over sockets: a client library takes
// more CPU time than the server that is measured. Prints a line when the first answer has come: its
// time counts from then on; and what it found as one line of JSON.

import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { build } from 'hdr-histogram-js';
import { VECTORS, Workload } from '../workload.ts';

export interface ClientsReport {
  readonly answered: number;
  /** With another status than 200. */
  readonly refused: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '' },
    path: { type: 'string', default: '' },
    width: { type: 'string', default: '' },
    clients: { type: 'string', default: '' },
    seconds: { type: 'string', default: '' },
    'warm-up': { type: 'string', default: '' },
  },
});
const { path } = values;
const [port, width, clients, seconds, warmUp] = [
  values.port,
  values.width,
  values.clients,
  values.seconds,
  values['warm-up'],
].map(Number) as [number, number, number, number, number];

/** Whole requests, made before: to make them takes no time from what is measured. */
const workload = new Workload('json', width);
const requests = Array.from({ length: VECTORS }, (_, number) => {
  const body = workload.value(number);
  const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
});

const histogram = build({ highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });
let [answered, refused, next] = [0, 0, 0];
// Until the first answer the server may be slow to begin: that is not its pace.
let [fromMs, untilMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];

/** A server that only refuses would be asked for ever. */
const BEGIN_WITHIN_MS = 30_000;
const late = setTimeout(() => {
  console.error(`no answer with a score within ${BEGIN_WITHIN_MS / 1_000} s, ${next} requests`);
  process.exit(1);
}, BEGIN_WITHIN_MS);

function begin(): void {
  fromMs = performance.now() + warmUp * 1_000;
  untilMs = fromMs + seconds * 1_000;
  clearTimeout(late);
  console.log('begun');
}

/** Resolves when the time is over. Rejects where the answer is none, or has no score. */
function client(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let sentMs = 0;
    let received = '';
    const send = (): void => {
      sentMs = performance.now();
      received = '';
      socket.write(requests[next++ % VECTORS] as Buffer);
    };
    socket.once('connect', send).once('error', reject);
    // One that the server closes would wait for ever.
    socket.once('close', () => reject(new Error('the server closed a connection')));
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
      if (received.length < end + 4 + length) return;
      const nowMs = performance.now();
      const isTaken = received.startsWith('HTTP/1.1 200 ');
      if (isTaken && !received.includes('"score":', end)) reject(new Error(received));
      if (isTaken && untilMs === Number.POSITIVE_INFINITY) begin();
      if (sentMs >= fromMs && nowMs < untilMs) {
        if (isTaken) {
          answered++;
          histogram.recordValue(Math.round((nowMs - sentMs) * 1_000));
        } else refused++;
      }
      if (nowMs < untilMs) send();
      else {
        resolve();
        socket.end();
      }
    });
  });
}

await Promise.all(Array.from({ length: clients }, client));
const report: ClientsReport = {
  answered,
  refused,
  seconds,
  p50Ms: histogram.getValueAtPercentile(50) / 1_000,
  p99Ms: histogram.getValueAtPercentile(99) / 1_000,
};
console.log(JSON.stringify(report));
