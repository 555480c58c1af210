// The condition of a route: which results also go to another topic. A tiny language, read strictly:
// `score > 0.9`, `label = 'fraud' and (amount >= 100 or isNew = true)`. Fields are those of the
// result; `and` binds closer than `or`.

import { ScorelaneError } from '../base/errors.ts';
import type { OutputColumn } from '../model/predictor.ts';
import type { ResultField } from '../model/result-columns.ts';

/** The text is no condition, or none on these results. */
export class ConditionError extends ScorelaneError {
  readonly code = 'SCORELANE_CONDITION';
}

const OPERATORS = ['>=', '<=', '!=', '==', '>', '<', '='] as const;
type Operator = Exclude<(typeof OPERATORS)[number], '=='>;
type Literal = number | string | boolean;

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | {
      readonly kind: 'compare';
      readonly name: string;
      readonly operator: Operator;
      readonly literal: Literal;
    };

interface Token {
  readonly kind: 'name' | 'operator' | 'number' | 'text' | 'bracket';
  readonly text: string;
  readonly column: number;
}

const WORDS = [
  '(?<name>[A-Za-z_][\\w.-]*)',
  '(?<operator>>=|<=|!=|==|[><=])',
  '(?<number>-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)(?![\\w.])',
  `(?<text>'[^']*'|"[^"]*")`,
  '(?<bracket>[()])',
];
const TOKEN = new RegExp(`\\s*(?:${WORDS.join('|')})`, 'y');

/** Throws `ConditionError`, with the character. */
export function parseCondition(text: string): Condition {
  const tokens = tokensOf(text);
  let next = 0;
  const fail = (expected: string): never => {
    const token = tokens[next];
    const found = token === undefined ? 'the end' : `${token.text} at character ${token.column}`;
    throw new ConditionError(`expected ${expected}, found ${found}`);
  };
  const accept = (kind: Token['kind'], word?: string): string | undefined => {
    const token = tokens[next];
    if (token?.kind !== kind || (word !== undefined && token.text !== word)) return undefined;
    next++;
    return token.text;
  };
  const chain = (word: 'and' | 'or', part: () => Condition): Condition => {
    const parts = [part()];
    while (accept('name', word) !== undefined) parts.push(part());
    return parts.length === 1 ? (parts[0] as Condition) : { kind: word, parts };
  };
  const either = (): Condition => chain('or', both);
  const both = (): Condition => chain('and', one);
  const one = (): Condition => {
    if (accept('bracket', '(') !== undefined) {
      const inside = either();
      if (accept('bracket', ')') === undefined) fail('and, or, or )');
      return inside;
    }
    const token = tokens[next];
    const isWord = token?.kind === 'name' && !RESERVED.has(token.text);
    const name = (isWord ? accept('name') : undefined) ?? fail('the name of a field of the result');
    const found = accept('operator') ?? fail(`one of ${OPERATORS.join(' ')}`);
    return {
      kind: 'compare',
      name,
      operator: found === '==' ? '=' : (found as Operator),
      literal: literal(),
    };
  };
  const literal = (): Literal => {
    const number = accept('number');
    if (number !== undefined) return Number(number);
    const quoted = accept('text');
    if (quoted !== undefined) return quoted.slice(1, -1);
    if (accept('name', 'true') !== undefined) return true;
    if (accept('name', 'false') !== undefined) return false;
    return fail('a number, a text in quotes, true or false');
  };
  const condition = either();
  if (next < tokens.length) fail('and, or, or the end');
  return condition;
}

const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'true', 'false']);

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const { groups = {} } = TOKEN.exec(text) ?? {};
    const [kind, found] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
    if (kind === undefined || found === undefined) {
      const column = text.length - text.slice(from).trimStart().length + 1;
      throw new ConditionError(
        `expected a name, a number, a text in quotes or one of ${OPERATORS.join(' ')}, found ${text[column - 1]} at character ${column}`,
      );
    }
    tokens.push({ kind: kind as Token['kind'], text: found, column: TOKEN.lastIndex - found.length + 1 });
  }
  return tokens;
}

/** What is wrong with a condition on results of these fields; null if nothing is. */
export function conditionTrouble(condition: Condition, fields: readonly ResultField[]): string | null {
  if (condition.kind !== 'compare')
    return condition.parts.map((part) => conditionTrouble(part, fields)).find((why) => why !== null) ?? null;
  const { name, operator, literal } = condition;
  const field = fields.find((each) => each.name === name);
  if (field === undefined)
    return `expected one of the fields ${fields.map((each) => each.name).join(', ')}, found "${name}"`;
  if (field.isList) return `expected a field with one value, found "${name}", which is a list`;
  const [type, words] = TYPES[field.type];
  if (typeof literal !== type)
    return `expected ${words} to compare "${name}" with, found ${JSON.stringify(literal)}`;
  if (type !== 'number' && operator !== '=' && operator !== '!=')
    return `expected = or != for "${name}", which is ${words}, found ${operator}`;
  return null;
}

const TYPES = {
  float: ['number', 'a number'],
  integer: ['number', 'a number'],
  text: ['string', 'a text in quotes'],
  flag: ['boolean', 'true or false'],
} as const satisfies Record<ResultField['type'], readonly [string, string]>;

/** Whether the condition holds, where `fieldOf` gives the fields of the result. */
export function holds(condition: Condition, fieldOf: (name: string) => unknown): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.parts.every((part) => holds(part, fieldOf));
    case 'or':
      return condition.parts.some((part) => holds(part, fieldOf));
    default:
      return compares(condition.operator, fieldOf(condition.name), condition.literal);
  }
}

function compares(operator: Operator, value: unknown, literal: Literal): boolean {
  if (operator === '=') return value === literal;
  if (operator === '!=') return value !== literal;
  const [left, right] = [Number(value), literal as number];
  if (operator === '>') return left > right;
  if (operator === '<') return left < right;
  return operator === '>=' ? left >= right : left <= right;
}

export type RowTest = (columns: readonly OutputColumn[], index: number) => boolean;

/** The same for rows of columns, which stand in the order of the fields. */
export function testOfRows(condition: Condition, fields: readonly ResultField[]): RowTest {
  if (condition.kind !== 'compare') {
    const parts = condition.parts.map((part) => testOfRows(part, fields));
    return condition.kind === 'and'
      ? (columns, index) => parts.every((part) => part(columns, index))
      : (columns, index) => parts.some((part) => part(columns, index));
  }
  const { name, operator, literal } = condition;
  const column = fields.findIndex((field) => field.name === name);
  // A flag stands in its column as 0 or 1.
  const compared = typeof literal === 'boolean' ? Number(literal) : literal;
  return (columns, index) => compares(operator, columns[column]?.[index], compared);
}
