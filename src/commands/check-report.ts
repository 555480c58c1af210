// What `check` has found: lines for people as they come, or one JSON document for programs at the
// end.

import { EXIT, exitCodeOf, isUnforeseen } from '../base/errors.ts';
import { placeOfKey } from './options.ts';
import { complain } from './say.ts';
import { errorInWords } from './usage.ts';

/** `wrong`: `run` would not start. `unused`: a key that has no effect. `note`: not looked at. */
export type Level = 'ok' | 'wrong' | 'warning' | 'unused' | 'note';

export interface CheckFinding {
  readonly level: Level;
  readonly message: string;
  /** Of an error. */
  readonly code?: string;
}

export class CheckReport {
  readonly #findings: CheckFinding[] = [];
  readonly #asJson: boolean;
  readonly #values: object;
  #exitCode: number = EXIT.ok;

  /** `values`: all that are in effect. */
  constructor(asJson: boolean, values: object) {
    this.#asJson = asJson;
    this.#values = values;
  }

  say(level: Exclude<Level, 'wrong'>, message: string): void {
    this.#findings.push({ level, message });
    if (!this.#asJson) process.stdout.write(`${level}: ${message}\n`);
  }

  /** The first error decides on the exit code. Throws those that are faults of scorelane. */
  wrong(error: unknown): void {
    if (isUnforeseen(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (this.#exitCode === EXIT.ok) this.#exitCode = exitCodeOf(error);
    const text = errorInWords(error, placeOfKey);
    for (const message of thingsIn(text))
      this.#findings.push({ level: 'wrong', message, ...(code === undefined ? {} : { code }) });
    if (!this.#asJson) complain(text);
  }

  /** Does a part of the check. Resolves to undefined where something was wrong. */
  async attempt<T>(part: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await part();
    } catch (error) {
      this.wrong(error);
      return undefined;
    }
  }

  /** The last words. Returns the exit code. */
  end(): number {
    const problems = this.#findings.filter(({ level }) => level === 'wrong').length;
    if (this.#asJson) {
      const report = {
        starts: problems === 0,
        exitCode: this.#exitCode,
        findings: this.#findings,
        values: this.#values,
      };
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    } else if (problems === 0) process.stdout.write('ok: run would start\n');
    else
      process.stderr.write(
        `scorelane: run would not start: ${problems} thing${problems === 1 ? '' : 's'} wrong\n`,
      );
    return this.#exitCode;
  }
}

/** Each has a line, and perhaps more that are indented. */
const thingsIn = (text: string): readonly string[] => text.split(/\n(?=\S)/);
