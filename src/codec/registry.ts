// Schemas of a registry, over the Confluent API.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html

import { pause, signalAfter } from '../time/timer.ts';
import { SchemaError } from './avro-schema.ts';

/** The registry does not answer, or not as it should: nothing is known of any schema. */
export class RegistryError extends Error {
  readonly code = 'SCORELANE_REGISTRY';
  override readonly name = 'RegistryError';
}

export interface RegistryOptions {
  /** Up to the path that `/schemas` follows; where nothing is behind it none can be asked. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly timeoutMs: number;
}

const TRIES = 3;
const AGAIN_MS = 200;
const [NOT_FOUND, CONFLICT, UNPROCESSABLE] = [404, 409, 422];
/** "Schema not found"; any other 404 is not from where schemas are. */
const SCHEMA_NOT_FOUND = 40403;

export class SchemaRegistry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * The JSON of a schema, or a `SchemaError` that says why there is none: the registry does not know the number, or it is no
   * schema of Avro. Rejects with `RegistryError` when the registry does not answer.
   */
  schema(id: number): Promise<string | SchemaError> {
    return this.#tried(async () => {
      const path = `/schemas/ids/${id}`;
      const response = await this.#send('GET', path);
      if (response.status === NOT_FOUND && (await errorOf(response)).code === SCHEMA_NOT_FOUND)
        return new SchemaError(`the registry has no schema ${id}`);
      if (!response.ok) throw new RangeError(`${path} answers ${response.status}`);
      const {
        schema,
        schemaType = 'AVRO',
        references = [],
      } = (await response.json()) as {
        readonly schema?: string;
        readonly schemaType?: string;
        readonly references?: readonly unknown[];
      };
      if (typeof schema !== 'string') throw new RangeError(`${path} answers without a schema`);
      if (schemaType !== 'AVRO') return new SchemaError(`schema ${id} is of type ${schemaType}, not Avro`);
      if (references.length > 0)
        return new SchemaError(`schema ${id} refers to others, which is not supported`);
      return schema;
    });
  }

  /**
   * Registers a schema under a subject, whose schemas must be compatible so, and resolves to its number. One that is there already
   * keeps its number. Resolves to a `SchemaError` when it is not compatible. Rejects with `RegistryError`.
   */
  register(subject: string, schema: string, compatibility: string): Promise<number | SchemaError> {
    return this.#tried(async () => {
      const name = encodeURIComponent(subject);
      const set = await this.#send('PUT', `/config/${name}`, { compatibility });
      if (!set.ok) throw new RangeError(`/config/${name} answers ${set.status}`);
      const path = `/subjects/${name}/versions`;
      const response = await this.#send('POST', path, { schema });
      if (response.status === CONFLICT || response.status === UNPROCESSABLE)
        return new SchemaError((await errorOf(response)).words);
      if (!response.ok) throw new RangeError(`${path} answers ${response.status}`);
      const { id } = (await response.json()) as { readonly id?: number };
      if (!Number.isInteger(id)) throw new RangeError(`${path} answers without a number`);
      return id as number;
    });
  }

  async #tried<T>(act: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await act();
      } catch (error) {
        if (tries === TRIES) {
          const words = `no answer from the schema registry at ${this.#options.url}: ${(error as Error).message}`;
          throw new RegistryError(words, { cause: error });
        }
        await pause(AGAIN_MS * 2 ** tries);
      }
    }
  }

  #send(method: string, path: string, body?: object): Promise<Response> {
    const { url, username, password, timeoutMs } = this.#options;
    const headers: Record<string, string> = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      'content-type': 'application/vnd.schemaregistry.v1+json',
    };
    if (username !== undefined) {
      headers.authorization = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    }
    return fetch(`${url.replace(/\/$/, '')}${path}`, {
      method,
      headers,
      signal: signalAfter(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

/** What the registry says besides the status, as far as it says anything. */
async function errorOf(
  response: Response,
): Promise<{ readonly code: number | undefined; readonly words: string }> {
  const text = await response.text();
  try {
    const { error_code: code, message } = JSON.parse(text) as {
      readonly error_code?: number;
      readonly message?: string;
    };
    return { code, words: message ?? text };
  } catch {
    return { code: undefined, words: text };
  }
}
