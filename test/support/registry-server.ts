// A server that answers as a schema registry would, for tests of who asks it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RegistryRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** `answer` gives the body for a request, with a status other than 200 where it says so. */
export async function registryServer(
  answer: (request: RegistryRequest) => object | readonly [status: number, body: object | string],
): Promise<Disposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { method = '', url: path = '', headers } = request;
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const found = answer({ method, path, authorization: headers.authorization, body });
    const [status, said] = Array.isArray(found) ? found : [200, found];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
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
