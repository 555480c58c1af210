// A server that answers as a schema registry would, for tests of who asks it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `answer` gives the body for a path. */
export async function registryServer(
  answer: (path: string) => object,
): Promise<Disposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(request.url ?? '')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
