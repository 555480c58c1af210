// The one voice of errors, as a checker: each line says where, which key, what was expected and
// what was found, in no library's words.

/** `file:line:column: key: expected …, found …; did you mean …` */
const SHAPE = /^(?:\/\S+?(?::\d+:\d+)?|--set|SCORELANE_\w+|default): (?:[^\s:]+: )?expected .+, found .+/;

/** What zod, the parser of YAML, Node and V8 say. */
const LIBRARY = [
  /invalid (?:input|option|key|string|element)|received|unrecognized|too (?:small|big)|parseAll|YAML\./i,
  /unexpected|implicit|block |collection|unresolved|no such file|JSON at/i,
  /\b(?:ENOENT|EISDIR|EACCES|ENOTDIR|ELOOP|EINVAL)\b|undefined|\[object|\bNaN\b|Zod| at .*:\d+:\d+\)?$/,
];

/** Where the file is: a name that somebody else chose, and not a word of the message. */
const FILE = /^\/\S+?(?=:)/;

/** What is wrong with a message, or nothing. */
export const offVoice = (message: string): string[] =>
  message
    .split('\n')
    .filter((line) => line !== '')
    .filter((line) => !SHAPE.test(line) || LIBRARY.some((words) => words.test(line.replace(FILE, ''))));
