// A request that is not answered in time ends its connection: on one that a firewall has forgotten
// no other would be either (invariant 6). On a real connection: `npm run torture -- --only
// forgotten`.

import type { Socket } from 'node:net';
import test from 'ava';
import { type ConnectionClass, ownConnection } from '../../src/kafka/connection.ts';

/**
 * Sends one request that fails with an error of that name; resolves to what the socket was then
 * destroyed with.
 */
async function destroyedWith(errorName: string): Promise<Error | undefined> {
  let destroyed: Error | undefined;
  const Original = class {
    readonly socket = { destroy: (error: Error) => (destroyed = error) } as unknown as Socket;
    bytesBuffered = 0;
    chunks = [];
    processData(): void {}
    isConnected = () => false;
    send(): Promise<unknown> {
      return Promise.reject(Object.assign(new Error('Request Fetch timed out'), { name: errorName }));
    }
  };
  const connection = new (ownConnection(Original as unknown as ConnectionClass))();
  await connection.send({} as never).then(
    () => {
      throw new Error('an error was expected');
    },
    (error: Error) => error,
  );
  return destroyed;
}

test('a request without an answer ends its connection', async (t) => {
  t.is((await destroyedWith('KafkaJSRequestTimeoutError'))?.message, 'Request Fetch timed out');
});

test('a request that was answered with an error does not', async (t) => {
  t.is(await destroyedWith('KafkaJSProtocolError'), undefined);
});
