// What administration orders of a model's versions: the body of a request as an order.

import { LABEL_NAME, STABLE } from '../versions/labels.ts';
import type { ModelVersions } from '../versions/model-versions.ts';
import { Problem } from './problem.ts';

/** As the commands `scorelane models promote`, `rollback` and `pin` do; look moves nothing. */
export type VersionOrder =
  | { readonly type: 'promote'; readonly version: string | undefined; readonly label: string }
  | { readonly type: 'rollback'; readonly label: string }
  /** Null: none any more. */
  | { readonly type: 'pin'; readonly version: string | null }
  | { readonly type: 'look' };

export const ORDERS = ['promote', 'rollback', 'pin', 'look'] as const;

/** What was done and how it is then, or why it cannot be done. */
export type OrderedVersion = (ModelVersions & { readonly done: string }) | { readonly refused: string };

/** The members that a body may have. */
const MEMBERS: Readonly<Record<VersionOrder['type'], readonly string[]>> = {
  promote: ['version', 'label'],
  rollback: ['label'],
  pin: ['version', 'off'],
  look: [],
};

/** Throws a `Problem` that says what was expected. */
export function versionOrder(type: VersionOrder['type'], body: unknown): VersionOrder {
  const given = mapGiven(type, body ?? {});
  const version = versionGiven(given);
  if (type === 'promote') return { type, version, label: labelGiven(given) };
  if (type === 'rollback') return { type, label: labelGiven(given) };
  if (type === 'look') return { type };
  const { off } = given;
  if (off !== undefined && off !== true) throw new Problem(400, 'off: expected true, or nothing');
  if ((off === undefined) === (version === undefined))
    throw new Problem(400, 'expected one of {"version": "<version>"} and {"off": true}');
  return { type, version: version ?? null };
}

function mapGiven(type: VersionOrder['type'], body: unknown): Readonly<Record<string, unknown>> {
  const members = MEMBERS[type];
  const wanted = members.length === 0 ? 'no members' : `no members but ${members.join(', ')}`;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Problem(400, `expected a map in JSON with ${wanted}, found another value`);
  const others = Object.keys(body).filter((name) => !members.includes(name));
  if (others.length > 0)
    throw new Problem(400, `expected a map with ${wanted}, found ${JSON.stringify(others[0])}`);
  return body as Readonly<Record<string, unknown>>;
}

function versionGiven({ version }: Readonly<Record<string, unknown>>): string | undefined {
  if (version === undefined || (typeof version === 'string' && version !== '')) return version;
  if (Number.isSafeInteger(version)) return String(version);
  throw new Problem(400, 'version: expected the name of a version, such as "3"');
}

function labelGiven({ label = STABLE }: Readonly<Record<string, unknown>>): string {
  if (typeof label === 'string' && LABEL_NAME.test(label)) return label;
  throw new Problem(400, 'label: expected a label of small letters, digits and hyphens, such as stable');
}
