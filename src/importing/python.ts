// The user's own Python, with the TensorFlow that has made the model. It is started once, and
// answers a line of JSON with another: native-models/export.py.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { packageFolder } from '../base/package-folder.ts';
import { ModelError } from '../model/model-error.ts';
import {
  type Exported,
  type ExportOutputs,
  type ExportRows,
  exportedSchema,
  exportOutputsSchema,
} from './exported.ts';

/** There is no Python with TensorFlow, and the model needs one. */
export class PythonMissingError extends ScorelaneError {
  readonly code = 'SCORELANE_PYTHON_MISSING';
}

const SCRIPT = join(packageFolder, 'native-models', 'export.py');

/** `--python`, else SCORELANE_PYTHON, else the python3 on the PATH. */
export const pythonFor = (given: string | undefined, environment: NodeJS.ProcessEnv): string =>
  given ?? environment.SCORELANE_PYTHON ?? 'python3';

export interface ExportRequest {
  readonly path: string;
  /** A folder for what is written. */
  readonly out: string;
  readonly signature?: string | undefined;
  /** Of inputs whose lengths are open. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

const failure = z.object({ error: z.string(), stack: z.string().optional() });

export class PythonSession {
  readonly #executable: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  /** The last of what it has said on standard error. */
  #said = '';
  #trouble: Error | undefined;

  /**
   * Nothing is known of the Python until it answers. `words`: the script and its arguments.
   * `environment`: what it has besides that of this process.
   */
  constructor(
    executable: string,
    words: readonly string[] = [SCRIPT, '--serve'],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#executable = executable;
    this.#child = spawn(executable, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#child.on('error', (error) => {
      this.#trouble = error;
    });
    // It would write on, also into folders that were deleted meanwhile: it ends before they are.
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.prependOnceListener('exit', kill);
    this.#child.once('exit', () => process.off('exit', kill));
    // A Python that has ended takes no more requests: its missing answer says so.
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-SAID_MAX);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Opens a model and writes what can be made of it. It is the model that `predict` asks from then
   * on. Rejects with `PythonMissingError` or `ModelError`.
   */
  export(request: ExportRequest): Promise<Exported> {
    return this.#ask({ do: 'export', ...request }, exportedSchema);
  }

  /** The model's outputs, computed by TensorFlow in Python. Rejects as `export` does. */
  async predict(rows: ExportRows): Promise<ExportOutputs> {
    return (await this.#ask({ do: 'predict', rows }, exportOutputsSchema)).outputs;
  }

  async end(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#child;
    this.#child.stdin.end();
    if (pid !== undefined && exitCode === null && signalCode === null) await once(this.#child, 'exit');
  }

  async #ask<T extends z.ZodType>(request: object, schema: T): Promise<z.infer<T>> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { done, value } = await this.#lines.next();
    if (done === true) throw await this.#ended();
    const answer: unknown = JSON.parse(value);
    const failed = failure.safeParse(answer);
    if (!failed.success) return schema.parse(answer);
    if (failed.data.error.includes('has no TensorFlow')) throw new PythonMissingError(failed.data.error);
    throw new ModelError(failed.data.error);
  }

  async #ended(): Promise<Error> {
    if (this.#child.pid === undefined)
      return new PythonMissingError(`no program ${this.#executable}`, { cause: this.#trouble });
    const said = this.#said.trim().split('\n').at(-1) ?? '';
    return new ModelError(
      `${this.#executable} has ended while it read the model${said === '' ? '' : `; its last words: ${said}`}`,
    );
  }
}

const SAID_MAX = 4_000;

/** What helps where there is no Python with TensorFlow. */
export const withoutPython = (path: string): string =>
  `name a Python that has it by --python or SCORELANE_PYTHON; or, where the model was made, run "python ${SCRIPT} ` +
  `${path} exported", and here "scorelane models import exported --name NAME"`;
