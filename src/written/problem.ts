// One voice for all that is wrong in what people write:
// `file:line:column: key: expected …, found …; did you mean …`.

import type { z } from 'zod';
import './expected.ts';
import { didYouMean } from './nearest.ts';
import { find, type Place, plainOf, type YamlNode } from './yaml.ts';

/** One thing that is wrong with a value. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  /** `expected …`; perhaps with `found …` already. */
  readonly message: string;
  /** Words that would have been right. */
  readonly right: readonly string[];
  /** Whether the key itself is wrong, and not its value. */
  readonly isOfKey: boolean;
}

export function findingsOf(error: z.ZodError | undefined): Finding[] {
  return (error?.issues ?? []).flatMap((issue): Finding[] => {
    const { path, message } = issue;
    if (issue.code === 'unrecognized_keys') {
      const { known = [] } = issue as { readonly known?: readonly string[] };
      return issue.keys.map((key) => ({ path: [...path, key], message, right: known, isOfKey: true }));
    }
    return [{ path, message, right: wordsIn(issue), isOfKey: false }];
  });
}

/** The words among which a value can be chosen. */
function wordsIn(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((value) => typeof value === 'string');
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(wordsIn) : [];
}

const FOUND_CHARACTERS_MAX = 80;

/**
 * `expected …, found …; did you mean …?`. `found` is the value as it is printed. `word` is the
 * value too, where it may be compared with those that would have been right.
 */
export function told({ message, right }: Finding, found: string, word: unknown): string {
  const hint = typeof word === 'string' ? didYouMean(word, right) : '';
  const short = found.length > FOUND_CHARACTERS_MAX ? `${found.slice(0, FOUND_CHARACTERS_MAX)}…` : found;
  return `${message}${message.includes(', found ') ? '' : `, found ${short}`}${hint}`;
}

/** `file:line:column`, or the name of a source that has no lines. */
export const placed = (source: string, place: Place | undefined): string =>
  place === undefined ? source : `${source}:${place.line}:${place.column}`;

/** A value as it is printed. `mask` hides what must not be. */
export function inWords(value: unknown, mask: (text: string) => string = (text) => text): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return asInYaml(value);
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'string') return mask(each);
    return typeof each === 'bigint' || (typeof each === 'number' && !Number.isFinite(each))
      ? asInYaml(each)
      : each;
  });
}

/**
 * A word that may be a key. It is cut where a value seems to be part of it: `{password:hush}` has
 * no value but a strange key.
 */
export function keyInWords(key: string): string {
  const name = /^[\w.-]*/.exec(key)?.[0] ?? '';
  return name === key && key !== '' ? key : `${name}…`;
}

const asInYaml = (value: number | bigint): string =>
  String(value).replace('NaN', '.nan').replace('Infinity', '.inf');

/** A finding about a document, with its place. For documents without secrets. */
export function problemIn(source: string, document: YamlNode, finding: Finding): string {
  const { path, isOfKey } = finding;
  const { part, isThere } = find(document, path);
  const value = isThere ? plainOf(part) : undefined;
  const key = path.length === 0 ? '' : `${keyInWords(path.join('.'))}: `;
  const place = isOfKey ? keyPlace(document, path) : part.place;
  return `${placed(source, place)}: ${key}${told(finding, inWords(value), isOfKey ? path.at(-1) : value)}`;
}

function keyPlace(document: YamlNode, path: readonly PropertyKey[]): Place {
  const { part } = find(document, path.slice(0, -1));
  const entry = part.kind === 'map' ? part.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyPlace ?? part.place;
}
