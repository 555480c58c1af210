// What is wrong with the words of a command line, in the one voice of all errors: `--for: expected
// …, found …; did you mean …`. The parser's sentences are taken apart for it.

import type { CommanderError } from 'commander';
import { isUnforeseen } from '../base/errors.ts';
import { ConfigError } from '../config/load.ts';
import { fileTrouble, isSystemError } from '../written/file-trouble.ts';
import { didYouMean } from '../written/nearest.ts';

type InWords = (parts: readonly string[], hint: string) => string;

const WORDS: readonly (readonly [RegExp, InWords])[] = [
  [
    /^unknown command '(.*)'/,
    ([word], hint) => `${bareWord(word)}: expected a command, found none of this name${hint}`,
  ],
  [/^unknown option '(.*)'/, ([word], hint) => `${bareWord(word)}: ${NO_OPTION}${hint}`],
  [
    /^required option '(\S+) <(.*)>' not specified/,
    ([option, what]) => `${option}: expected a ${what}, found nothing`,
  ],
  [
    /^option '(\S+) <(.*)>' argument missing/,
    ([option, what]) => `${option}: expected a ${what}, found nothing`,
  ],
  [/^missing required argument '(.*)'/, ([name]) => `expected a ${name}, found nothing`],
  [
    /^option '(\S+) .*?' argument '(.*)' is invalid\. Allowed choices are (.*)\./,
    ([option, found, choices]) => `${option}: expected one of ${choices}, found "${found}"`,
  ],
  [
    /^option '(\S+) .*?' argument '(.*)' is invalid\. (.*?)(; did you mean .*)?$/,
    ([option, found, expected, hint = '']) => `${option}: ${expected}, found "${found}"${hint}`,
  ],
  // The word that is too many may be a part of a secret that the shell has cut in two: it is not
  // printed.
  [
    /^too many arguments for '(.*?)'.*but got (\d+)/,
    ([name, count]) => `${name}: expected options only, found ${count} more words`,
  ],
];

const NO_OPTION = 'expected an option, found none of this name';

/** An option with `=` may have a secret behind it. */
const bareWord = (word = ''): string => (word.includes('=') ? `${word.slice(0, word.indexOf('='))}=…` : word);

/** `words` are those of the command line, `options` those of its command. */
export function usageInWords(
  { code, message }: CommanderError,
  words: readonly string[],
  options: readonly string[],
): string {
  // The parser misses an option before it looks for one that was spelt wrong.
  const misspelt = words
    .map((word) => word.replace(/=.*/s, ''))
    .find((word) => /^--./.test(word) && !options.includes(word));
  if (code === 'commander.missingMandatoryOptionValue' && misspelt !== undefined)
    return `${misspelt}: ${NO_OPTION}${didYouMean(misspelt, options)}`;
  const [sentence = '', suggestion = ''] = message.replace(/^error: /, '').split('\n');
  const [, meant] = /\(Did you mean (.*?)\?\)/.exec(suggestion) ?? [];
  const hint = meant === undefined ? '' : `; did you mean "${meant.replace(/^one of /, '')}"?`;
  for (const [pattern, inWords] of WORDS) {
    const found = pattern.exec(sentence);
    if (found !== null) return inWords(found.slice(1), hint);
  }
  return sentence;
}

/**
 * What ended a command. Only a fault of scorelane itself comes with its stack. `placeOf` says where
 * a key was set: much of what is wrong with a value is found out when it is used.
 */
export function errorInWords(error: unknown, placeOf: (key: string) => string | undefined): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ConfigError)
    return error.problems
      .map((problem) => {
        const place = placeOf(/^[\w.]+(?=: )/.exec(problem)?.[0] ?? '');
        return place === undefined ? problem : `${place}: ${problem}`;
      })
      .join('\n');
  if (isUnforeseen(error))
    return `this is a fault of scorelane itself; please file an issue with it: ${error.stack}`;
  if (!isSystemError(error) || error.path === undefined) return error.message;
  const act =
    error.syscall === 'open' || error.syscall === 'read' || error.syscall === 'scandir' ? 'read' : 'write';
  return `${error.path}: ${fileTrouble(error, error.path, act)}`;
}
