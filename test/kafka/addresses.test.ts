// Every form of an address that Kafka's own clients read is read, and every other is refused before
// anything is dialled.

import { createServer } from 'node:net';
import test from 'ava';
import { AddressError, brokerAddresses, hostOf, kafkaJsBroker } from '../../src/kafka/addresses.ts';
import { createSocket } from '../../src/kafka/socket.ts';

const read: readonly (readonly [string, readonly (readonly [string, number])[]])[] = [
  ['localhost:9092', [['localhost', 9092]]],
  [
    'a:1, b:2 ,c:3',
    [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ],
  ],
  [
    'a:1,b:2,',
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  ['[::1]:9092', [['::1', 9092]]],
  ['::1:9092', [['::1', 9092]]],
  ['[fe80::1%eth0]:9092', [['fe80::1%eth0', 9092]]],
  ['[::ffff:10.0.0.1]:9092', [['::ffff:10.0.0.1', 9092]]],
  ['PLAINTEXT://host:9092', [['host', 9092]]],
  [
    'SASL_SSL://broker-0.kafka.svc:9093,SASL_SSL://[2001:db8::7]:9093',
    [
      ['broker-0.kafka.svc', 9093],
      ['2001:db8::7', 9093],
    ],
  ],
  ['my_broker:19092', [['my_broker', 19092]]],
];

for (const [text, expected] of read) {
  test(`"${text}" is read as Kafka's own clients read it, and kafkajs is given what leads there`, (t) => {
    const addresses = brokerAddresses(text);
    t.deepEqual(
      addresses,
      expected.map(([host, port]) => ({ host, port })),
    );
    for (const address of addresses) {
      const [name, port, ...more] = kafkaJsBroker(address).split(':');
      t.deepEqual([hostOf(name as string), Number(port), more], [address.host, address.port, []]);
    }
  });
}

const refused: readonly (readonly [string, RegExp])[] = [
  ['host', /expected host:port; the port is missing/],
  ['http://a:1', /a protocol of Kafka, found http/],
  ['a:1;b:2', /with commas between brokers/],
  ['a:1 b:2', /with commas between brokers/],
  ['::1', /\[::1\]:9092|IPv6/],
  ['[::1]', /IPv6 address stands in \[ \]/],
  ['[1::2::3]:9092', /IPv6/],
  ['host:', /expected host:port/],
  [':9092', /expected host:port/],
  ['host:0', /a port from 1 to 65535, found 0/],
  ['host:65536', /a port from 1 to 65535, found 65536/],
  ['host:http', /expected host:port/],
  ['http://user:pass@host:9092', /expected host:port/],
  ['', /at least one broker/],
  [' , ', /at least one broker/],
];

for (const [text, words] of refused) {
  test(`"${text}" is refused with what was expected`, (t) => {
    t.throws(() => brokerAddresses(text), { instanceOf: AddressError, message: words });
  });
}

test('a socket is made to the IPv6 address itself, by the name that kafkajs was given for it', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  const { port } = server.address() as { readonly port: number };
  const host = kafkaJsBroker({ host: '::1', port }).split(':')[0] as string;
  await new Promise<void>((resolve, reject) => {
    const socket = createSocket({
      host,
      port,
      ssl: undefined as never,
      onConnect: () => {
        t.is(socket.remoteAddress, '::1');
        socket.destroy();
        resolve();
      },
    });
    socket.once('error', reject);
  });
  server.close();
});
