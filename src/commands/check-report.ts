// What `check` has found: lines for people, or one JSON document for programs at the end. Where
// there are several jobs, each has a part, and what holds for all of them is said once.

import { EXIT, exitCodeOf, isUnforeseen } from '../base/errors.ts';
import { placeOfKey } from './options.ts';
import { complain, say } from './say.ts';
import { errorInWords } from './usage.ts';

/**
 * `wrong`: `run` would not start. `unused`: a key that has no effect. `note`: not looked at.
 * `implied`: nothing was tried, it follows from the values.
 */
export type Level = 'ok' | 'wrong' | 'warning' | 'unused' | 'note' | 'implied';

export interface CheckFinding {
  /** Not there where it holds for all jobs. */
  readonly job?: string;
  readonly level: Level;
  readonly message: string;
  /** Of an error. */
  readonly code?: string;
}

/** A part of the report: that of all jobs, or that of one. */
export class CheckPart {
  readonly findings: CheckFinding[] = [];
  readonly #onFound: (finding: CheckFinding) => void;
  readonly #onError: (error: unknown) => void;
  readonly #placeOf: (key: string) => string | undefined;

  constructor(
    placeOf: (key: string) => string | undefined,
    onError: (error: unknown) => void,
    onFound: (finding: CheckFinding) => void,
  ) {
    this.#placeOf = placeOf;
    this.#onError = onError;
    this.#onFound = onFound;
  }

  say(level: Exclude<Level, 'wrong'>, message: string): void {
    this.#add({ level, message });
  }

  /** Throws errors that are faults of scorelane. */
  wrong(error: unknown): void {
    if (isUnforeseen(error)) throw error;
    this.#onError(error);
    const { code } = error as NodeJS.ErrnoException;
    for (const message of thingsIn(errorInWords(error, this.#placeOf)))
      this.#add({ level: 'wrong', message, ...(code === undefined ? {} : { code }) });
  }

  /** Does something of the check. Resolves to undefined where something was wrong. */
  async attempt<T>(part: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await part();
    } catch (error) {
      this.wrong(error);
      return undefined;
    }
  }

  #add(finding: CheckFinding): void {
    this.findings.push(finding);
    this.#onFound(finding);
  }
}

export class CheckReport {
  readonly forAll: CheckPart;
  readonly #parts = new Map<string, CheckPart>();
  readonly #asJson: boolean;
  readonly #isOfSeveral: boolean;
  readonly #values: object;
  #exitCode: number = EXIT.ok;

  /** `values`: all that are in effect. */
  constructor(asJson: boolean, values: object, isOfSeveral = false) {
    this.#asJson = asJson;
    this.#isOfSeveral = isOfSeveral;
    this.#values = values;
    this.forAll = this.#part(placeOfKey);
  }

  /** The part of a job; where it is the only one, its part is that of all. */
  of(job: string, placeOf: (key: string) => string | undefined): CheckPart {
    if (!this.#isOfSeveral) return this.forAll;
    const part = this.#parts.get(job) ?? this.#part(placeOf);
    this.#parts.set(job, part);
    return part;
  }

  /** The first error decides on the exit code. */
  #part(placeOf: (key: string) => string | undefined): CheckPart {
    const onError = (error: unknown): void => {
      if (this.#exitCode === EXIT.ok) this.#exitCode = exitCodeOf(error);
    };
    // What several jobs have in common is known at the end. One job is told of as it goes on.
    const isTold = !(this.#asJson || this.#isOfSeveral);
    return new CheckPart(placeOf, onError, isTold ? tell : () => {});
  }

  /** The last words. Returns the exit code. */
  end(): number {
    const findings = this.#merged();
    const problems = findings.filter(({ level }) => level === 'wrong').length;
    if (this.#asJson) {
      const report = { starts: problems === 0, exitCode: this.#exitCode, findings, values: this.#values };
      say(JSON.stringify(report, null, 2));
      return this.#exitCode;
    }
    if (this.#isOfSeveral) tellByJob(findings);
    if (problems === 0) say('ok: run would start');
    else complain(`run would not start: ${problems} thing${problems === 1 ? '' : 's'} wrong`);
    return this.#exitCode;
  }

  /** Job by job, then what all have in common. */
  #merged(): CheckFinding[] {
    const parts = [...this.#parts];
    const isInAll = (finding: CheckFinding): boolean =>
      parts.every(([, { findings }]) => findings.some((other) => isSame(other, finding)));
    const common = parts.slice(0, 1).flatMap(([, { findings }]) => findings.filter(isInAll));
    return [
      ...parts.flatMap(([job, { findings }]) =>
        findings.filter((each) => !isInAll(each)).map((each) => ({ job, ...each })),
      ),
      ...common,
      ...this.forAll.findings,
    ];
  }
}

const isSame = (one: CheckFinding, other: CheckFinding): boolean =>
  one.level === other.level && one.message === other.message;

function tell({ job, level, message }: CheckFinding): void {
  if (level === 'wrong') complain(job === undefined ? message : `job ${job}: ${message}`);
  else say(`${level}: ${message}`);
}

function tellByJob(findings: readonly CheckFinding[]): void {
  for (const [job, found] of Map.groupBy(findings, (finding) => finding.job)) {
    say(job === undefined ? 'all jobs' : `job ${job}`);
    for (const finding of found) tell(finding);
  }
}

/** Each has a line, and perhaps more that are indented. */
const thingsIn = (text: string): readonly string[] => text.split(/\n(?=\S)/);
