// Where a text stops being JSON, and what was expected there. JSON.parse says it in the words of
// V8, and not always with the place. This runs after JSON.parse has refused a text.

interface Trouble {
  /** In characters from the beginning of the text. */
  readonly index: number;
  readonly expected: string;
  readonly found: string;
}

type Wanted = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'next' | 'end';

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NAME = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

const WORDS: Readonly<Record<Exclude<Wanted, 'next'>, string>> = {
  value: 'a value',
  'value or ]': 'a value or ]',
  key: 'a key in double quotes',
  'key or }': 'a key in double quotes or }',
  colon: 'a colon',
  end: 'nothing more',
};

/** Null for a text that is JSON. */
export function jsonTrouble(text: string): Trouble | null {
  const open: ('{' | '[')[] = [];
  let wanted: Wanted = 'value';
  let index = 0;
  const passed = (pattern: RegExp): boolean => {
    pattern.lastIndex = index;
    if (!pattern.test(text)) return false;
    index = pattern.lastIndex;
    return true;
  };
  const wrong = (expected: string): Trouble => ({ index, expected, found: foundAt(text, index) });
  const afterValue = (): Wanted => (open.length === 0 ? 'end' : 'next');
  for (;;) {
    passed(SPACE);
    const character = text[index];
    if (wanted === 'end') return character === undefined ? null : wrong(WORDS.end);
    if (wanted === 'next') {
      const closing = open.at(-1) === '{' ? '}' : ']';
      if (character !== ',' && character !== closing) return wrong(`a comma or ${closing}`);
      index++;
      if (character === ',') wanted = closing === '}' ? 'key' : 'value';
      else {
        open.pop();
        wanted = afterValue();
      }
    } else if (wanted === 'colon') {
      if (character !== ':') return wrong(WORDS.colon);
      index++;
      wanted = 'value';
    } else if (
      (wanted === 'key or }' && character === '}') ||
      (wanted === 'value or ]' && character === ']')
    ) {
      index++;
      open.pop();
      wanted = afterValue();
    } else if (character === '"') {
      const isKey: boolean = wanted === 'key' || wanted === 'key or }';
      index++;
      while (passed(ESCAPE) || isPlain(text, index)) if (isPlain(text, index)) index++;
      if (text[index] === '\\') return wrong('an escape such as \\n or \\u00e4');
      if (text[index] !== '"') return wrong('a double quote at the end of the text');
      index++;
      wanted = isKey ? 'colon' : afterValue();
    } else if (wanted === 'key' || wanted === 'key or }') return wrong(WORDS[wanted]);
    else if (character === '{' || character === '[') {
      index++;
      open.push(character);
      wanted = character === '{' ? 'key or }' : 'value or ]';
    } else if (passed(NUMBER) || passed(NAME)) wanted = afterValue();
    else return wrong(WORDS[wanted]);
  }
}

/** Whether a character may stand in double quotes as it is. */
const isPlain = (text: string, index: number): boolean =>
  text.charCodeAt(index) >= 0x20 && text[index] !== '"' && text[index] !== '\\';

const FOUND_MAX = 10;

/** The word that begins there. */
function foundAt(text: string, index: number): string {
  if (index >= text.length) return 'the end';
  const [word = text[index]] = /^[\w.+-]+/.exec(text.slice(index, index + FOUND_MAX)) ?? [];
  return JSON.stringify(word);
}
