// Clients that go while the jobs are looked at again: what their requests hold is given back.

import test from 'ava';
import Fastify from 'fastify';
import { Problem } from '../../src/http/problem.ts';
import { Room } from '../../src/http/room.ts';
import { asked, type Serving, takeBodies, takeRecords } from '../../src/http/serving.ts';
import { until } from '../support/until.ts';

test('a request whose client goes while the jobs are looked at again holds nothing for ever', async (t) => {
  const room = new Room({ recordsMax: 100, bytesMax: 1_000 });
  const looked = Promise.withResolvers<boolean>();
  let looks = 0;
  const serving: Serving = {
    ...{ version: '0', room, jobs: () => [] },
    look: () => {
      looks++;
      return looked.promise;
    },
  };
  const ended: unknown[] = [];
  const app = Fastify({ forceCloseConnections: true });
  t.teardown(() => app.close());
  takeBodies(app, room, 1_000);
  app.post('/', async (request) => {
    const prepare = (): void => {
      takeRecords(request, room, 20);
      if (looks === 0) throw new Problem(404, 'no such model, as far as is known');
    };
    await asked(request, serving, prepare, async () => {}).catch((error: unknown) => ended.push(error));
    return {};
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const leaving = new AbortController();
  const answer = fetch(url, { method: 'POST', body: 'x'.repeat(10), signal: leaving.signal });
  await until('the jobs to be looked at', () => looks === 1);
  t.deepEqual([room.records, room.bytes], [20, 10]);
  leaving.abort();
  await t.throwsAsync(answer);
  await until('the server to see that it has gone', () => room.bytes === 0);
  looked.resolve(true);
  await until('the request to end', () => ended.length === 1);
  t.is((ended[0] as Problem).reason, 'client_gone');
  t.is(room.records, 0);
});
