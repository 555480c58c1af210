// Records drawn at random, for a model that comes without samples: each field that the inputs read
// has a value that they can read.

import { parsePath } from '../features/path.ts';
import type { PlanInput } from '../features/spec.ts';
import { Random } from '../load/random.ts';
import type { SampleRecord } from './samples.ts';

/** The same ones each time. */
export function drawnRecords(inputs: readonly PlanInput[], count: number): readonly SampleRecord[] {
  const random = new Random(1);
  return Array.from({ length: count }, () => {
    const record: Record<string, unknown> = {};
    for (const input of inputs) for (const [path, value] of drawn(input, random)) put(record, path, value);
    return record;
  });
}

type Drawn = readonly (readonly [path: string | undefined, value: unknown])[];

function drawn(input: PlanInput, random: Random): Drawn {
  switch (input.kind) {
    case 'field':
      return [[input.path, listed(input, () => rounded(input.mean + input.std * random.normal()))]];
    case 'difference':
      return [
        [input.path, rounded(input.mean + input.std * random.normal())],
        [input.minus, 0],
      ];
    case 'integer':
      // The only ids that every embedding has.
      return [[input.path, listed(input, () => (random.next() < 0.5 ? 0 : 1))]];
    case 'flag':
      return [[input.path, listed(input, () => random.next() < 0.5)]];
    case 'text':
      return [[input.path, listed(input, () => oneFrom(WORDS, random))]];
    case 'category':
      return [
        [input.path, listed(input, () => oneFrom([...input.vocabulary.values, 'none of them'], random))],
      ];
    case 'tokens':
      return [[input.path, `${oneFrom(input.tokens.vocabulary.values, random)} ${oneFrom(WORDS, random)}`]];
    case 'hashing':
      return [[input.path, listed(input, () => oneFrom(WORDS, random))]];
    case 'hashed':
      return [[input.path, oneFrom(WORDS, random)]];
    case 'oneHot':
      return [[input.path, oneFrom(input.oneOf, random)]];
    case 'time':
      return [[input.path, random.below(1e9)]];
    case 'whole':
      return drawn(input.input, random);
    case 'window':
      return [
        [input.window.by, oneFrom(WORDS, random)],
        [input.window.of, rounded(random.normal())],
      ];
    case 'constant':
      return [];
  }
}

const WORDS = ['one', 'two', 'three'];

interface Listed {
  readonly count?: number | undefined;
  readonly shape?: readonly number[] | undefined;
}

function listed(input: Listed, value: () => unknown): unknown {
  const shape = input.shape ?? (input.count === undefined ? [] : [input.count]);
  const nested = ([length, ...others]: readonly number[]): unknown =>
    length === undefined ? value() : Array.from({ length }, () => nested(others));
  return nested(shape);
}

const oneFrom = <T>(values: readonly T[], random: Random): T | undefined =>
  values[random.below(values.length)];
const rounded = (value: number): number => Number(value.toPrecision(6));
/** Through maps; a step that is a number is a place in a list. */
function put(record: Record<string, unknown>, path: string | undefined, value: unknown): void {
  if (path === undefined) return;
  const steps = parsePath(path);
  let target = record;
  for (const step of steps.slice(0, -1)) {
    target[step] ??= {};
    target = target[step] as Record<string, unknown>;
  }
  target[steps.at(-1) as string] ??= value;
}
