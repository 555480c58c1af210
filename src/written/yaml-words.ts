// What is wrong with a text that is no YAML, in our words. The parser gives a code, and a message
// that may quote the text, which may be a secret. So of the message only what it is about is used.

import type { YAMLError } from 'yaml';

type Code = YAMLError['code'];

const WORDS: Readonly<Record<Code, string>> = {
  ALIAS_PROPS: 'expected an alias alone, found an anchor or a tag in front of it',
  BAD_ALIAS: 'expected a name behind & or *, found none, or one that ends with a colon',
  BAD_COLLECTION_TYPE: 'expected the kind of value that its tag says, found another',
  BAD_DIRECTIVE: 'expected %YAML with a version, or %TAG, found another directive',
  BAD_DQ_ESCAPE:
    'expected an escape such as \\n, \\" or \\u00e4 behind a backslash in double quotes, found another',
  BAD_INDENT: 'expected what belongs together to begin in the same column, found another indentation',
  BAD_PROP_ORDER: 'expected anchors and tags behind the - ? or :, found one in front of it',
  BAD_SCALAR_START: 'expected quotes around a value that begins with such a character, found none',
  BLOCK_AS_IMPLICIT_KEY:
    'expected one "key: value" on a line, found a list or a second colon behind the first',
  BLOCK_IN_FLOW: 'expected values in brackets and commas inside of brackets, found lines of their own',
  DUPLICATE_KEY: 'expected each key once, found this one again',
  IMPOSSIBLE: 'expected YAML, found something else',
  KEY_OVER_1024_CHARS: 'expected a key of at most 1024 characters, found a longer one',
  MISSING_CHAR: 'expected another character here, found none',
  MULTILINE_IMPLICIT_KEY: 'expected a key and its colon on one line, found a line that ends between them',
  MULTIPLE_ANCHORS: 'expected at most one anchor of a value, found two',
  MULTIPLE_DOCS: 'expected one document, found --- and a second one behind it',
  MULTIPLE_TAGS: 'expected at most one tag of a value, found two',
  NON_STRING_KEY: 'expected text in front of the colon, found something else',
  RESOURCE_EXHAUSTION: 'expected at most 100 lists and maps in each other, found more',
  TAB_AS_INDENT: 'expected spaces in front of a line, found a tab',
  TAG_RESOLVE_FAILED:
    'expected a value without a tag, found a tag that is not known, or that does not fit the value',
  UNEXPECTED_TOKEN: 'expected a value or a key, found a character that cannot stand here',
};

/** The parser has one code for much that is missing. What it is about tells more. */
const FINER: readonly (readonly [RegExp, string])[] = [
  [/closing ['"]quote/, 'expected a quote at the end of the text, found none'],
  [/followed by map values/, 'expected "key: value", found no colon with a space behind it'],
  [/end with a \}/, 'expected a } at the end of the map, found none'],
  [/end with a \]/, 'expected a ] at the end of the list, found none'],
  [/Missing , .*between/, 'expected a comma between two values, found none'],
  [/without - indicator/, 'expected "- " in front of each element of the list, found none'],
  [/Missing space after :/, 'expected a space behind the colon, found none'],
  [/Comments must be separated/, 'expected a space in front of the #, found none'],
  [/must be separated from the next/, 'expected a space behind a tag or an anchor, found none'],
  [/Unexpected empty item|Unexpected ,/, 'expected a value between two commas, found none'],
  [
    /block-seq-ind|Unexpected - /,
    'expected a space or a quote, found a dash that begins an element of a list',
  ],
];

export const wordsForYaml = ({ code, message }: YAMLError): string =>
  FINER.find(([about]) => about.test(message))?.[1] ?? WORDS[code];
