// Conditions of routes: read strictly, held against the fields of results, and the same for a row
// of columns as for a decoded result.

import test from 'ava';
import {
  ConditionError,
  conditionTrouble,
  holds,
  parseCondition,
  testOfRows,
} from '../../src/answers/condition.ts';
import type { ResultField } from '../../src/model/result-columns.ts';

const FIELDS: readonly ResultField[] = [
  { name: 'score', type: 'float', isList: false },
  { name: 'label', type: 'text', isList: false },
  { name: 'isNew', type: 'flag', isList: false },
  { name: 'count', type: 'integer', isList: false },
  { name: 'scores', type: 'float', isList: true },
];

const ROWS = [
  { score: 0.95, label: 'fraud', isNew: true, count: 3 },
  { score: 0.5, label: "it's", isNew: false, count: -1 },
  { score: 0.25, label: 'fraud', isNew: false, count: 0 },
];

test('a condition holds for a row of columns where it holds for the result: and binds closer than or', (t) => {
  const columns = [
    Float64Array.from(ROWS, ({ score }) => score),
    ROWS.map(({ label }) => label),
    Uint8Array.from(ROWS, ({ isNew }) => Number(isNew)),
    Int32Array.from(ROWS, ({ count }) => count),
    Float32Array.of(0, 0, 0, 0, 0, 0),
  ];
  for (const [text, expected] of [
    ['score > 0.5', [true, false, false]],
    ['score >= 0.5', [true, true, false]],
    ['score<5e-1', [false, false, true]],
    ['score <= 0.25', [false, false, true]],
    ['count = -1', [false, true, false]],
    ['count == 3', [true, false, false]],
    ['count != 0', [true, true, false]],
    ["label = 'fraud'", [true, false, true]],
    ['label = "it\'s"', [false, true, false]],
    ["label != 'fraud'", [false, true, false]],
    ['isNew = true', [true, false, false]],
    ['isNew != true', [false, true, true]],
    ["label = 'fraud' and score < 0.5 or isNew = true", [true, false, true]],
    ["label = 'fraud' and (score < 0.5 or isNew = true)", [true, false, true]],
    ['score < 0.3 or score > 0.9 and isNew = false', [false, false, true]],
    ['(score < 0.3 or score > 0.9) and isNew = true', [true, false, false]],
  ] as const) {
    const condition = parseCondition(text);
    t.is(conditionTrouble(condition, FIELDS), null, text);
    const rows = testOfRows(condition, FIELDS);
    t.deepEqual(
      ROWS.map((_, index) => rows(columns, index)),
      [...expected],
      text,
    );
    t.deepEqual(
      ROWS.map((row) => holds(condition, (name) => row[name as keyof typeof row])),
      [...expected],
      text,
    );
  }
});

test('what is no condition is refused with what was expected and the character', (t) => {
  for (const [text, told] of [
    ['', 'expected the name of a field of the result, found the end'],
    ['score', 'expected one of >= <= != == > < =, found the end'],
    ['score >', 'expected a number, a text in quotes, true or false, found the end'],
    ['score > high', 'expected a number, a text in quotes, true or false, found high at character 9'],
    ['score => 1', 'expected a number, a text in quotes, true or false, found > at character 8'],
    ['score > 0.9 and', 'expected the name of a field of the result, found the end'],
    [
      'score > 0.9 && a = 1',
      'expected a name, a number, a text in quotes or one of >= <= != == > < =, found & at character 13',
    ],
    ['(score > 0.9', 'expected and, or, or ), found the end'],
    ['score > 0.9)', 'expected and, or, or the end, found ) at character 12'],
    ['0.9 < score', 'expected the name of a field of the result, found 0.9 at character 1'],
    [
      'score > 09',
      'expected a name, a number, a text in quotes or one of >= <= != == > < =, found 0 at character 9',
    ],
    [
      "label = 'a",
      "expected a name, a number, a text in quotes or one of >= <= != == > < =, found ' at character 9",
    ],
    ['and = 1', 'expected the name of a field of the result, found and at character 1'],
  ] as const)
    t.is(t.throws(() => parseCondition(text), { instanceOf: ConditionError }, text)?.message, told, text);
});

test('a condition on what results do not have, on a list, or of another type is refused with what there is', (t) => {
  for (const [text, told] of [
    ['scor > 1', 'expected one of the fields score, label, isNew, count, scores, found "scor"'],
    ['scores > 1', 'expected a field with one value, found "scores", which is a list'],
    ['score > true', 'expected a number to compare "score" with, found true'],
    ['label = 1', 'expected a text in quotes to compare "label" with, found 1'],
    ["label > 'a'", 'expected = or != for "label", which is a text in quotes, found >'],
    ['score > 1 or isNew = 1', 'expected true or false to compare "isNew" with, found 1'],
  ] as const)
    t.is(conditionTrouble(parseCondition(text), FIELDS), told);
});
