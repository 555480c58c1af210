// Documents with commands in them: the commands of a shell block, and a recorded session with what
// each command printed.

/** What was typed, and what was recorded of the answer. */
export interface Typed {
  readonly command: string;
  readonly answer: readonly string[];
}

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block]) => block as string,
  );

/** The commands of all blocks of `sh`, without what explains them. */
export const commandsIn = (text: string): string[] =>
  blocks(text, 'sh')
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/(^|\s+)# .*$/, '').trim())
    .filter((line) => line !== '');

/** What was typed in the blocks of `console`, in order. */
export const sessionIn = (text: string): Typed[] =>
  blocks(text, 'console').flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...answer] = part.trimEnd().split('\n');
        return { command, answer };
      }),
  );

/**
 * Whether what came is what was recorded. `…` stands for anything: within a line for a part of it,
 * alone in a line for any number of lines, also none.
 */
export function isRecorded(answer: readonly string[], came: string): boolean {
  const parts = answer.map((line) => (line === '…' ? '(?:[^\\n]*\\n)*' : `${lineOf(line)}\\n`));
  return new RegExp(`^${parts.join('')}$`).test(came === '' || came.endsWith('\n') ? came : `${came}\n`);
}

const lineOf = (line: string): string =>
  line
    .split('…')
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^\\n]*');
