// The main thread's side of what requests ask: has it scored, and gives the answers of one turn of
// the event loop as one message.

import type { RecordAnswer } from '../serving/record-answers.ts';
import type { ServedModel } from '../serving/served-model.ts';
import type { ModelVersions } from '../versions/model-versions.ts';
import { Packer, Unpacker } from './packing.ts';
import type { FromThread, GivenAnswer, ToldJobs, ToldModel, ToThread } from './protocol.ts';
import { toldError } from './told-error.ts';

/** A job as requests may know it. */
export interface AnsweringJob {
  readonly name: string;
  /** Null while it does not run; then why. */
  readonly model: ServedModel | null;
  readonly why: string;
  /** Other versions of its model that are loaded, and answer whoever names them. */
  readonly others: readonly ServedModel[];
  /** Null while it does not run. */
  readonly living: { readonly told: ModelVersions; look(): Promise<void> } | null;
}

type Post = (message: ToThread, transferList: readonly ArrayBuffer[]) => void;

export class RequestAnswers {
  readonly #jobs: () => readonly AnsweringJob[];
  readonly #post: Post;
  readonly #ids = new WeakMap<ServedModel, number>();
  #nextId = 0;
  /** The jobs as they were told last, in short. */
  #short = '';
  #state = 0;
  #models: ReadonlyMap<number, ServedModel> = new Map();
  /** Asked and not answered. */
  readonly #open = new Set<number>();
  #answers: GivenAnswer[] = [];
  #packer = new Packer();

  constructor(jobs: () => readonly AnsweringJob[], post: Post) {
    this.#jobs = jobs;
    this.#post = post;
  }

  /** The jobs as they are now. */
  told(): ToldJobs {
    const jobs = this.#look();
    return {
      state: this.#state,
      jobs: jobs.map(({ name, model, why, others, living }) => ({
        name,
        model: model === null ? null : this.#toldModel(model),
        why,
        others: others.map((other) => this.#toldModel(other)),
        isLiving: living !== null,
      })),
    };
  }

  /** The same; null where they are as somebody knows them who was told that state. */
  news(known: number): ToldJobs | null {
    this.#look();
    return known === this.#state ? null : this.told();
  }

  ask({ state, asked, bytes }: Extract<FromThread, { readonly type: 'ask' }>): void {
    this.#look();
    if (state !== this.#state) {
      this.#post({ type: 'outOfDate', ids: asked.map(({ id }) => id), jobs: this.told() }, []);
      return;
    }
    const unpacker = new Unpacker(bytes);
    for (const each of asked) {
      const { id } = each;
      const { requests, toJson } = this.#models.get(each.model) as ServedModel;
      const isGone = (): boolean => !this.#open.has(id);
      this.#open.add(id);
      if ('rows' in each)
        this.#whenAnswered(id, requests.predict(each.rows, isGone), (rows) => ({ id, rows }));
      else {
        const scored = requests.score(unpacker.records(each.records), isGone);
        const readable = toJson === null ? scored : scored.then((answers) => inJson(answers, toJson));
        this.#whenAnswered(id, readable, (answers) => ({ id, records: this.#packer.answers(answers) }));
      }
    }
  }

  gone(ids: readonly number[]): void {
    for (const id of ids) this.#open.delete(id);
  }

  #whenAnswered<T>(id: number, answered: Promise<T>, give: (answer: T) => GivenAnswer): void {
    const add = (made: () => GivenAnswer): void => {
      this.#open.delete(id);
      // After all that have their answer in this turn.
      if (this.#answers.length === 0) process.nextTick(() => this.#tell());
      this.#answers.push(made());
    };
    answered.then(
      (answer) => add(() => give(answer)),
      (error: unknown) => add(() => ({ id, failed: toldError(error) })),
    );
  }

  #tell(): void {
    const [answers, bytes] = [this.#answers, this.#packer.bytes()];
    this.#answers = [];
    this.#packer = new Packer();
    this.#post({ type: 'answers', answers, bytes }, [bytes]);
  }

  /** Whether other models may be asked than were told is seen here, and nowhere else. */
  #look(): readonly AnsweringJob[] {
    const jobs = this.#jobs();
    const short = JSON.stringify(
      jobs.map(({ name, model, why, others }) => [
        name,
        model === null ? why : this.#idOf(model),
        others.map((other) => this.#idOf(other)),
      ]),
    );
    if (short === this.#short) return jobs;
    this.#short = short;
    this.#state++;
    const models = jobs.flatMap(({ model, others }) => (model === null ? others : [model, ...others]));
    this.#models = new Map(models.map((model) => [this.#idOf(model), model]));
    return jobs;
  }

  #idOf(model: ServedModel): number {
    const id = this.#ids.get(model) ?? this.#nextId++;
    this.#ids.set(model, id);
    return id;
  }

  #toldModel(model: ServedModel): ToldModel {
    return { id: this.#idOf(model), shape: model.shape };
  }
}

const inJson = (
  answers: readonly RecordAnswer[],
  toJson: NonNullable<ServedModel['toJson']>,
): Promise<readonly RecordAnswer[]> =>
  Promise.all(
    answers.map(async (answer) => ('result' in answer ? { result: await toJson(answer.result) } : answer)),
  );
