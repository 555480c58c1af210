// Sets keys in a configuration file as a person would: what else is in it stays as it is written,
// with its comments and its order, and each changed key gets a comment with the reason.

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  type Pair,
  parseDocument,
  Scalar,
  YAMLMap,
} from 'yaml';
import { find, readYaml } from '../written/yaml.ts';
import type { Setting } from './search.ts';

export interface Edit {
  /** From the top of the file. */
  readonly path: readonly string[];
  /** As it is written in the file. */
  readonly value: Setting;
  readonly comment: string;
}

/** What is said of a key, or of the whole, in lines of at most so many columns. */
const COLUMNS = 100;

/** `head`: a comment on the whole file. The text is one that `readYaml` takes. */
export function edited(text: string, edits: readonly Edit[], head: string): string {
  const document: Document = parseDocument(text);
  if (!isMap(document.contents)) document.contents = new YAMLMap();
  for (const edit of edits) set(document, edit);
  // Behind the comment that the file begins with: editors look for their schema there.
  const { contents } = document;
  const first = isMap(contents) ? contents.items[0]?.key : undefined;
  const isOfKey = !document.commentBefore && isScalar(first) && first.commentBefore;
  const top = isOfKey ? first : document;
  top.commentBefore = joined(top.commentBefore, inLines(head, COLUMNS));
  const written = document.toString(styleOf(text));
  const read = readYaml(written);
  for (const { path, value } of edits) {
    const { part, isThere } = find(read, path);
    if (!isThere || part.kind !== 'scalar' || part.value !== value)
      throw new Error(`${path.join('.')} was set, and is not what was set`);
  }
  return written;
}

/** No line is folded anew, and braces have the room that they have in the text. */
export function styleOf(text: string): { readonly lineWidth: 0; readonly flowCollectionPadding: boolean } {
  const isTight = /[[{][^\s\]}]/.test(text) && !/[[{] /.test(text);
  return { lineWidth: 0, flowCollectionPadding: !isTight };
}

function set(document: Document, { path, value, comment }: Edit): void {
  let map = document.contents as YAMLMap;
  path.slice(0, -1).forEach((name) => {
    const found = pairOf(map, name);
    if (isMap(found?.value)) map = found.value;
    else {
      const below = ownMap(document, found?.value);
      if (found === undefined) map.add(document.createPair(name, below));
      else found.value = below;
      map = below;
    }
    // In braces there is no place for comments.
    map.flow = false;
  });
  const name = path.at(-1) as string;
  const found = pairOf(map, name);
  const pair = found ?? document.createPair(name, value);
  if (found === undefined) map.add(pair);
  else if (isScalar(found.value)) {
    // Its own comment stays behind it.
    const scalar = new Scalar(value);
    scalar.comment = found.value.comment ?? null;
    found.value = scalar;
  } else found.value = document.createNode(value);
  const key = pair.key as Scalar;
  key.commentBefore = joined(key.commentBefore, inLines(comment, COLUMNS - 2 * path.length));
}

const pairOf = (map: YAMLMap, name: string): Pair<unknown, unknown> | undefined =>
  map.items.find(({ key }) => isScalar(key) && String(key.value) === name);

/** What an alias names belongs to others too: only a copy may be changed. */
function ownMap(document: Document, value: unknown): YAMLMap {
  const named = isAlias(value) ? (value as Alias).resolve(document) : undefined;
  if (!isMap(named)) return new YAMLMap();
  const copy = named.clone() as YAMLMap;
  delete copy.anchor;
  return copy;
}

const joined = (before: string | null | undefined, more: string): string =>
  before === null || before === undefined ? more : `${before}\n${more}`;

/** Of whole words, each line with a space before it. */
function inLines(text: string, columns: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > columns) {
      lines.push(line);
      line = '';
    }
    line = `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
