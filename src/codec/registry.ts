// Schemas of a registry, over the Confluent API.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html

import { setTimeout as delay } from 'node:timers/promises';
import { SchemaError } from './avro-types.ts';

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
const NOT_FOUND = 404;
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
  async schema(id: number): Promise<string | SchemaError> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask(id);
      } catch (error) {
        if (tries === TRIES) {
          const words = `no answer from the schema registry at ${this.#options.url}: ${(error as Error).message}`;
          throw new RegistryError(words, { cause: error });
        }
        await delay(AGAIN_MS * 2 ** tries);
      }
    }
  }

  async #ask(id: number): Promise<string | SchemaError> {
    const { url, username, password, timeoutMs } = this.#options;
    const headers: Record<string, string> = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
    };
    if (username !== undefined) {
      headers.authorization = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    }
    const asked = `${url.replace(/\/$/, '')}/schemas/ids/${id}`;
    const response = await fetch(asked, { headers, signal: AbortSignal.timeout(timeoutMs) });
    if (response.status === NOT_FOUND && (await errorCodeOf(response)) === SCHEMA_NOT_FOUND)
      return new SchemaError(`the registry has no schema ${id}`);
    if (!response.ok) throw new RangeError(`${asked} answers ${response.status}`);
    const {
      schema,
      schemaType = 'AVRO',
      references = [],
    } = (await response.json()) as {
      readonly schema?: string;
      readonly schemaType?: string;
      readonly references?: readonly unknown[];
    };
    if (typeof schema !== 'string') throw new RangeError(`${asked} answers without a schema`);
    if (schemaType !== 'AVRO') return new SchemaError(`schema ${id} is of type ${schemaType}, not Avro`);
    if (references.length > 0)
      return new SchemaError(`schema ${id} refers to others, which is not supported`);
    return schema;
  }
}

/** What the registry says besides the status; undefined where it says nothing. */
async function errorCodeOf(response: Response): Promise<number | undefined> {
  const said = (await response.json().catch(() => ({}))) as { readonly error_code?: number };
  return said.error_code;
}
