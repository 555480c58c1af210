// The fields that a model reads from a record: for programs that make records of something else.

import { fieldsOf, type PlanInput } from './spec.ts';
import type { StateOptions } from './window-spec.ts';

export interface ReadField {
  readonly path: string;
  /** Whether nothing but a number will do. */
  readonly isNumber: boolean;
  /** Whether it is read as text, however it looks: `1.0` is another word than `1`. */
  readonly isText: boolean;
  /** Whether a record without it has no features. */
  readonly isRequired: boolean;
}

/** Each path once. */
export function fieldsRead(inputs: readonly PlanInput[], { time }: Pick<StateOptions, 'time'>): ReadField[] {
  const fields = new Map<string, ReadField>();
  const add = (path: string | undefined, isNumber: boolean, isText: boolean, isRequired: boolean): void => {
    if (path === undefined) return;
    const before = fields.get(path);
    fields.set(path, {
      path,
      isNumber: isNumber || before?.isNumber === true,
      isText: isText && before?.isText !== false,
      isRequired: isRequired || before?.isRequired === true,
    });
  };
  for (const input of inputs) {
    const required = fieldsOf(input);
    for (const [path, isNumber] of pathsOf(input))
      add(path, isNumber, isOfText(input), path !== undefined && required.includes(path));
  }
  add(time, true, false, true);
  return [...fields.values()];
}

const TEXTS: ReadonlySet<PlanInput['kind']> = new Set(['text', 'category', 'hashing', 'tokens']);
const isOfText = ({ kind }: PlanInput): boolean => TEXTS.has(kind);

/** The paths of an input, and whether only a number will do there. */
function pathsOf(input: PlanInput): readonly (readonly [path: string | undefined, isNumber: boolean])[] {
  switch (input.kind) {
    case 'constant':
      return [];
    case 'whole':
      return pathsOf(input.input);
    case 'integer':
      return [[input.path, input.count === undefined]];
    case 'window': {
      const { by, of, fields = [of], function: name } = input.window;
      return [[by, false], ...fields.map((path) => [path, name !== 'distinct'] as const)];
    }
    case 'difference':
      return [
        [input.path, true],
        [input.minus, true],
      ];
    case 'field':
      return [[input.path, input.count === undefined]];
    case 'time':
      return [[input.path, true]];
    default:
      return [[input.path, false]];
  }
}
