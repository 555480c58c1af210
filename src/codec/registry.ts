// Schemas of a registry, over the Confluent API.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html

import { ScorelaneError } from '../base/errors.ts';
import { pause, signalAfter } from '../time/timer.ts';
import type { SchemaId } from './avro.ts';
import { SchemaError, type SchemaText } from './avro-schema.ts';
import { whyNoAnswer } from './no-answer.ts';

/** The registry does not answer, or answers wrongly. This says nothing about any schema. */
export class RegistryError extends ScorelaneError {
  readonly code = 'SCORELANE_REGISTRY';
}

export interface RegistryOptions {
  /** The address up to the path before `/schemas`. If it is empty, no schema can be asked for. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly timeoutMs: number;
}

const TRIES = 3;
const AGAIN_MS = 200;
const [UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE] = [401, 403, 404, 409, 422];
/** "Schema not found". Any other 404 does not come from a registry. */
const SCHEMA_NOT_FOUND = 40403;
/** "Subject not found" and "Version not found". */
const REFERENCE_NOT_FOUND: readonly unknown[] = [40401, 40402];

/**
 * How many other schemas a schema may need, and how long a chain of schemas may be in which each
 * needs the next.
 */
export const [REFERENCES_MAX, REFERENCES_DEPTH_MAX] = [100, 16] as const;

/** The longest wait for one schema, with all that it refers to. */
export const waitMsMax = ({ timeoutMs }: Pick<RegistryOptions, 'timeoutMs'>): number => TRIES * timeoutMs;

interface Reference {
  readonly subject: string;
  readonly version: number;
}

interface Answer {
  readonly schema?: string;
  readonly schemaType?: string;
  readonly references?: readonly Reference[];
}

interface Compatibility {
  readonly is_compatible?: boolean;
  readonly messages?: readonly string[];
}

export class SchemaRegistry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the JSON of a schema and of all that it refers to, or to a `SchemaError` that says
   * why there is none: the registry does not know it, or it is no schema of Avro. Rejects with
   * `RegistryError` when the registry does not answer.
   */
  async schema(id: SchemaId): Promise<SchemaText | SchemaError> {
    const isGuid = typeof id === 'string';
    const name = isGuid ? `the schema ${id}` : `schema ${id}`;
    const within = signalAfter(waitMsMax(this.#options));
    const gathered = new Map<string, string>();
    try {
      const path = isGuid ? `/schemas/guids/${id}` : `/schemas/ids/${id}`;
      const { schema, references = [] } = await this.#get(path, name, within, async (response) => {
        // A registry without that path does not know GUIDs at all.
        if (isGuid) return `the registry has no schema with the GUID ${id}, ${GUID_HELP}`;
        return (await errorOf(response)).code === SCHEMA_NOT_FOUND
          ? `the registry has no schema ${id}`
          : null;
      });
      await this.#gather(references, [name], gathered, within);
      return { schema, references: [...gathered.values()] };
    } catch (error) {
      if (error instanceof SchemaError) return error;
      throw error;
    }
  }

  /**
   * Resolves to the schemas that are referred to, each after those that it needs itself. Rejects
   * with `SchemaError`.
   */
  async #gather(
    references: readonly Reference[],
    chain: readonly string[],
    gathered: Map<string, string>,
    within: AbortSignal,
  ): Promise<void> {
    for (const { subject, version } of references) {
      const name = `version ${version} of ${subject}`;
      const way = [...chain, name].join(' -> ');
      if (chain.includes(name)) throw new SchemaError(`schemas refer to each other in a circle: ${way}`);
      if (gathered.has(name)) continue;
      if (chain.length > REFERENCES_DEPTH_MAX)
        throw new SchemaError(`schemas refer to each other more than ${REFERENCES_DEPTH_MAX} deep: ${way}`);
      // A schema that was deleted since may still have been used for writing.
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`;
      const found = await this.#get(path, name, within, async (response) =>
        REFERENCE_NOT_FOUND.includes((await errorOf(response)).code)
          ? `a schema refers to one that the registry does not have: ${way}`
          : null,
      );
      await this.#gather(found.references ?? [], [...chain, name], gathered, within);
      gathered.set(name, found.schema);
      if (gathered.size > REFERENCES_MAX)
        throw new SchemaError(`${chain[0]} refers to more than ${REFERENCES_MAX} others`);
    }
  }

  /**
   * `missing` says what a 404 means, or answers null if the 404 does not come from a registry.
   * Rejects with `SchemaError`.
   */
  #get(
    path: string,
    name: string,
    within: AbortSignal,
    missing: (response: Response) => Promise<string | null>,
  ): Promise<Answer & { readonly schema: string }> {
    return this.#tried(within, async () => {
      const response = await this.#send(within, 'GET', path);
      const reason = response.status === NOT_FOUND ? await missing(response) : null;
      if (reason !== null) throw new SchemaError(reason);
      if (!response.ok) throw new RangeError(`${path} answers ${statusOf(response)}`);
      const answer = (await response.json()) as Answer;
      const { schema, schemaType = 'AVRO' } = answer;
      if (typeof schema !== 'string') throw new RangeError(`${path} answers without a schema`);
      if (schemaType !== 'AVRO') throw new SchemaError(`${name} is of type ${schemaType}, not Avro`);
      return { ...answer, schema };
    });
  }

  /**
   * Registers a schema under a subject, with that compatibility. Resolves to its number. A schema
   * that is already registered keeps its number. Resolves to a `SchemaError` when the schema is not
   * compatible. Rejects with `RegistryError`.
   */
  register(subject: string, schema: string, compatibility: string): Promise<number | SchemaError> {
    const within = signalAfter(2 * waitMsMax(this.#options));
    return this.#tried(within, async () => {
      const name = encodeURIComponent(subject);
      const set = await this.#send(within, 'PUT', `/config/${name}`, { compatibility });
      if (!set.ok) throw new RangeError(`/config/${name} answers ${statusOf(set)}`);
      const path = `/subjects/${name}/versions`;
      const response = await this.#send(within, 'POST', path, { schema });
      if (response.status === CONFLICT || response.status === UNPROCESSABLE)
        return new SchemaError((await errorOf(response)).reason);
      if (!response.ok) throw new RangeError(`${path} answers ${statusOf(response)}`);
      const { id } = (await response.json()) as { readonly id?: number };
      if (!Number.isInteger(id)) throw new RangeError(`${path} answers without a number`);
      return id as number;
    });
  }

  /**
   * Whether `register` would be let. Changes nothing. Resolves to true, to a `SchemaError` that
   * says why not, or to null: the subject has another compatibility now, which only `register`
   * changes. Rejects with `RegistryError`.
   */
  wouldTake(subject: string, schema: string, compatibility: string): Promise<boolean | SchemaError | null> {
    const within = signalAfter(2 * waitMsMax(this.#options));
    return this.#tried(within, async () => {
      const name = encodeURIComponent(subject);
      const versions = await this.#send(within, 'GET', `/subjects/${name}/versions`);
      if (versions.status === NOT_FOUND) return true;
      const set = await this.#send(within, 'GET', `/config/${name}?defaultToGlobal=true`);
      if (!set.ok) throw new RangeError(`/config/${name} answers ${statusOf(set)}`);
      if (
        ((await set.json()) as { readonly compatibilityLevel?: string }).compatibilityLevel !== compatibility
      )
        return null;
      const path = `/compatibility/subjects/${name}/versions?verbose=true`;
      const response = await this.#send(within, 'POST', path, { schema });
      if (response.status === UNPROCESSABLE) return new SchemaError((await errorOf(response)).reason);
      if (!response.ok) throw new RangeError(`${path} answers ${statusOf(response)}`);
      const { is_compatible: isCompatible, messages = [] } = (await response.json()) as Compatibility;
      return isCompatible === true || new SchemaError(messages.join(' ') || 'it is not compatible');
    });
  }

  async #tried<T>(within: AbortSignal, act: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await act();
      } catch (error) {
        if (error instanceof SchemaError) throw error;
        if (tries === TRIES || within.aborted) throw this.#failure(error);
        await pause(AGAIN_MS * 2 ** tries);
      }
    }
  }

  #failure(error: unknown): RegistryError {
    const { url, timeoutMs } = this.#options;
    const isLate = (error as Error).name === 'TimeoutError';
    const why = isLate ? `it takes longer than registry.timeout, ${timeoutMs} ms` : whyNoAnswer(error);
    return new RegistryError(`no answer from the schema registry at ${url}: ${why}`, { cause: error });
  }

  #send(within: AbortSignal, method: string, path: string, body?: object): Promise<Response> {
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
      signal: AbortSignal.any([within, signalAfter(timeoutMs)]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

const GUID_HELP =
  'which stands in the header __value_schema_id of the record; one that knows GUIDs is needed (Confluent 8.0 or later), or ' +
  'producers with value.schema.id.serializer=io.confluent.kafka.serializers.schema.id.PrefixSchemaIdSerializer';

const statusOf = ({ status }: Response): string =>
  status === UNAUTHORIZED || status === FORBIDDEN
    ? `${status}: registry.username and registry.password are not what it wants`
    : String(status);

/** What the registry says besides the status, if it says anything. */
async function errorOf(
  response: Response,
): Promise<{ readonly code: number | undefined; readonly reason: string }> {
  const text = await response.text();
  try {
    const { error_code: code, message } = JSON.parse(text) as {
      readonly error_code?: number;
      readonly message?: string;
    };
    return { code, reason: message ?? text };
  } catch {
    return { code: undefined, reason: text };
  }
}
