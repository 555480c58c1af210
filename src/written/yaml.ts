// Reads a YAML document with the place of each value, and refuses what cannot be read in words of
// ours. Aliases and merge keys (`<<: *other`) are followed here, so that an alias that is nowhere,
// or that multiplies, is refused with its place too.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar } from 'yaml';
import { wordsForYaml } from './yaml-words.ts';

/** Both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface YamlScalar {
  readonly kind: 'scalar';
  /** What YAML takes the text for: a number, a flag, nothing, or text. */
  readonly value: unknown;
  /** The text as it stands, without quotes. */
  readonly text: string;
  readonly place: Place;
}

export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly place: Place;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, YamlEntry>;
  readonly place: Place;
}

export interface YamlEntry {
  readonly keyPlace: Place;
  readonly value: YamlNode;
}

export type YamlNode = YamlScalar | YamlList | YamlMap;

/**
 * The text cannot be read. The message says what was expected and what was found, but nothing of
 * the text, which may be a secret.
 */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly place: Place;
  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}

/** The most values that all aliases of a document may stand for. */
const ALIASED_MAX = 10_000;
/** Lists and maps are read by functions that call themselves. */
const DEPTH_MAX = 100;

/** Throws `YamlError`. */
export function readYaml(source: string): YamlNode {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  // For the parser, an unknown tag is only a warning. But here the value would be lost: `password:
  // !hush`.
  const [problem] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (problem !== undefined) throw new YamlError(wordsForYaml(problem), placeOf(problem.pos[0]));
  return new Reader(placeOf).read(document.contents, 0);
}

/** Reads the parsed nodes from top to bottom, as an alias names the last anchor above it. */
class Reader {
  readonly #placeOf: (offset: number) => Place;
  /** By name: the value, or null as long as its end is not reached. */
  readonly #anchors = new Map<string, YamlNode | null>();
  #aliased = 0;

  constructor(placeOf: (offset: number) => Place) {
    this.#placeOf = placeOf;
  }

  read(node: unknown, depth: number): YamlNode {
    const place = this.#placeOfNode(node);
    if (depth > DEPTH_MAX)
      throw new YamlError(`expected at most ${DEPTH_MAX} lists and maps in each other, found more`, place);
    if (isAlias(node)) return this.#named(node.source, place);
    const anchor = isScalar(node) || isSeq(node) || isMap(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, null);
    const written = this.#valueOf(node, place, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, written);
    return written;
  }

  #valueOf(node: unknown, place: Place, depth: number): YamlNode {
    if (isSeq(node))
      return { kind: 'list', items: node.items.map((item) => this.read(item, depth + 1)), place };
    if (isMap(node)) return { kind: 'map', entries: this.#entriesOf(node.items, depth + 1), place };
    if (!isScalar(node)) return { kind: 'scalar', value: null, text: '', place };
    return { kind: 'scalar', value: node.value, text: node.source ?? String(node.value ?? ''), place };
  }

  /**
   * A key that stands in the map itself counts more than one that is merged, wherever it stands.
   */
  #entriesOf(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    depth: number,
  ): Map<string, YamlEntry> {
    const own = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    for (const { key, value } of pairs) {
      const keyPlace = this.#placeOfNode(key);
      if (isMergeKey(key)) {
        for (const map of this.#mapsOf(this.read(value, depth), keyPlace))
          for (const [name, entry] of map.entries) if (!merged.has(name)) merged.set(name, entry);
        continue;
      }
      const named = this.read(key, depth);
      if (named.kind !== 'scalar')
        throw new YamlError(`expected text in front of the colon, found a ${named.kind}`, keyPlace);
      if (named.value === null)
        throw new YamlError('expected a key in front of the colon, found nothing', keyPlace);
      // `1` and `"1"` are the same key here.
      if (own.has(named.text)) throw new YamlError('expected each key once, found this one again', keyPlace);
      own.set(named.text, { keyPlace, value: this.read(value ?? { place: keyPlace }, depth) });
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry);
    return own;
  }

  #mapsOf(value: YamlNode, place: Place): readonly YamlMap[] {
    const all = value.kind === 'list' ? value.items : [value];
    return all.map((each) => {
      if (each.kind === 'map') return each;
      throw new YamlError(`expected a map to merge behind <<, found a ${each.kind}`, place);
    });
  }

  #named(name: string, place: Place): YamlNode {
    const found = this.#anchors.get(name);
    if (found === undefined)
      throw new YamlError('expected an alias of an anchor above it, found one of none', place);
    if (found === null)
      throw new YamlError(
        'expected an alias of another value, found one of the value that it stands in',
        place,
      );
    this.#aliased += sizeOf(found);
    if (this.#aliased <= ALIASED_MAX) return found;
    throw new YamlError(`expected aliases for at most ${ALIASED_MAX} values in all, found more`, place);
  }

  #placeOfNode(node: unknown): Place {
    const { range, place } = (node ?? {}) as { readonly range?: readonly number[]; readonly place?: Place };
    return place ?? this.#placeOf(range?.[0] ?? 0);
  }
}

const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && key.value === '<<' && (key as Scalar).type === 'PLAIN';

const sizes = new WeakMap<YamlNode, number>();

/** How many values there are in it, counted again for each alias. */
function sizeOf(written: YamlNode): number {
  if (written.kind === 'scalar') return 1;
  const known = sizes.get(written);
  if (known !== undefined) return known;
  const parts =
    written.kind === 'list' ? written.items : [...written.entries.values()].map(({ value }) => value);
  const size = parts.reduce((sum, part) => sum + sizeOf(part), 1);
  sizes.set(written, size);
  return size;
}

/** As a value of JavaScript. */
export function plainOf(written: YamlNode): unknown {
  if (written.kind === 'scalar') return written.value;
  if (written.kind === 'list') return written.items.map(plainOf);
  return Object.fromEntries([...written.entries].map(([name, { value }]) => [name, plainOf(value)]));
}

interface PartFound {
  /** The value at the end of the path, or the last one on the way to it. */
  readonly part: YamlNode;
  readonly isThere: boolean;
}

/** Looks for the value that a path leads to. */
export function find(written: YamlNode, path: readonly PropertyKey[]): PartFound {
  let part = written;
  for (const step of path) {
    const inner = innerOf(part, String(step));
    if (inner === undefined) return { part, isThere: false };
    part = inner;
  }
  return { part, isThere: true };
}

function innerOf(part: YamlNode, step: string): YamlNode | undefined {
  if (part.kind === 'list') return part.items[Number(step)];
  return part.kind === 'map' ? part.entries.get(step)?.value : undefined;
}
