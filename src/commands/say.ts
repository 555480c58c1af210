// What commands print: the answer on standard output, which programs read; what a person wants to
// know besides goes to standard error.

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** For what is no part of the answer: standard output stays what a program reads. */
export const note = (line: string | null): void => {
  if (line !== null) process.stderr.write(`${line}\n`);
};

/** What is wrong: each thing on a line, and perhaps on indented ones behind it. */
export const complain = (text: string): void =>
  void process.stderr.write(`${text.replaceAll(/^(?=\S)/gm, 'scorelane: ')}\n`);
