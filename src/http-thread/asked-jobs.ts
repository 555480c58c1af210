// The jobs as the thread of HTTP knows them, and what requests ask their models. What comes in one
// turn of the event loop goes to the main thread as one message.

import { codecs } from '../codec/codecs.ts';
import type { Room } from '../http/room.ts';
import {
  type AskedModel,
  OutOfDateError,
  type ServedJob,
  type Serving,
  type WhenGone,
} from '../http/serving.ts';
import { NotServingError } from '../serving/errors.ts';
import type { RecordAnswer } from '../serving/record-answers.ts';
import type { RowAnswer } from '../serving/row-answers.ts';
import { after, type Cancel } from '../time/timer.ts';
import { Packer, Unpacker } from './packing.ts';
import type {
  AskedRecords,
  AskedRows,
  Call,
  FromThread,
  GivenAnswer,
  ToldJobs,
  ToldModel,
  ToThread,
} from './protocol.ts';
import { errorOf } from './told-error.ts';

export interface AskedJobsOptions {
  readonly version: string;
  readonly room: Room;
  readonly post: (message: FromThread, transferList?: readonly ArrayBuffer[]) => void;
  readonly call: Call;
}

/** So long requests are gathered while others are scored. */
const GATHER_MS = 2;

const FROM_JSON = {
  json: (text: Uint8Array) => text,
  msgpack: (text: Uint8Array) => codecs.msgpack.encode(codecs.json.decode(text, 0, text.byteLength)),
  avro: null,
};

export class AskedJobs implements Serving {
  readonly version: string;
  readonly room: Room;
  readonly #options: AskedJobsOptions;
  #state = -1;
  #jobs: readonly ServedJob[] = [];
  #nextId = 0;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #asked: (AskedRecords | AskedRows)[] = [];
  #packer = new Packer();
  #gone: number[] = [];
  #cancel: Cancel = () => {};
  /** Nothing new is asked. */
  #isEnding = false;
  #ended = Promise.withResolvers<void>();

  constructor(options: AskedJobsOptions, jobs: ToldJobs) {
    this.version = options.version;
    this.room = options.room;
    this.#options = options;
    this.#learn(jobs);
  }

  jobs(): readonly ServedJob[] {
    return this.#jobs;
  }

  async look(): Promise<boolean> {
    const before = this.#state;
    const news = await this.#options.call('jobs', before);
    if (news !== null) this.#learn(news);
    return this.#state !== before;
  }

  /** Asks nothing more. Resolves when all that was asked has its answer. */
  end(): Promise<void> {
    this.#isEnding = true;
    this.#send();
    if (this.#open.size === 0) this.#ended.resolve();
    return this.#ended.promise;
  }

  /** What the main thread has answered to what was asked. */
  take(message: Extract<ToThread, { readonly type: 'answers' | 'outOfDate' }>): void {
    if (message.type === 'answers') {
      const unpacker = new Unpacker(message.bytes);
      for (const answer of message.answers) this.#give(answer, unpacker);
      if (this.#open.size === this.#asked.length) this.#send();
      return;
    }
    this.#learn(message.jobs);
    for (const id of message.ids) this.#close(id)?.reject(new OutOfDateError('the jobs are others now'));
  }

  #give(answer: GivenAnswer, unpacker: Unpacker): void {
    // Taken out in any case: what follows stands behind it.
    const records = 'records' in answer ? unpacker.answers(answer.records) : null;
    const open = this.#close(answer.id);
    if ('failed' in answer) open?.reject(errorOf(answer.failed));
    else open?.resolve('rows' in answer ? answer.rows : records);
  }

  #close(id: number): PromiseWithResolvers<unknown> | undefined {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (this.#isEnding && this.#open.size === 0) this.#ended.resolve();
    return open;
  }

  /** Answers may overtake each other: what is older is not learnt. */
  #learn({ state, jobs }: ToldJobs): void {
    if (state < this.#state) return;
    if (state !== this.#state) this.#send();
    this.#state = state;
    this.#jobs = jobs.map(({ name, model, why, others, isLiving }) => ({
      name,
      model: model === null ? null : this.#modelOf(model),
      why,
      others: others.map((other) => this.#modelOf(other)),
      living: isLiving ? this.#livingOf(name) : null,
    }));
  }

  #livingOf(job: string): ServedJob['living'] {
    const { call } = this.#options;
    return {
      told: () => call('versionsOf', job),
      look: async () => void (await call('lookForVersions', job)),
    };
  }

  #modelOf({ id: model, shape }: ToldModel): AskedModel {
    const state = this.#state;
    return {
      ...shape,
      fromJson: FROM_JSON[shape.inputFormat],
      score: (records, whenGone) =>
        this.#ask<readonly RecordAnswer[]>(state, whenGone, (id) =>
          this.#asked.push({ id, model, records: this.#packer.records(records) }),
        ),
      predict: ({ cells, rows, texts }, whenGone) =>
        this.#ask<RowAnswer>(state, whenGone, (id) =>
          this.#asked.push({ id, model, rows: { cells, rows, texts } }),
        ),
    };
  }

  #ask<T extends readonly RecordAnswer[] | RowAnswer>(
    state: number,
    whenGone: WhenGone,
    add: (id: number) => void,
  ): Promise<T> {
    // It was found before somebody else learnt that it is out of date.
    if (state !== this.#state) return Promise.reject(new OutOfDateError('the jobs are others now'));
    if (this.#isEnding) return Promise.reject(new NotServingError('the process ends'));
    const id = this.#nextId++;
    const open = Promise.withResolvers<unknown>();
    this.#open.set(id, open);
    if (this.#asked.length === 0) this.#sendSoon();
    add(id);
    whenGone(() => this.#left(id));
    return open.promise as Promise<T>;
  }

  /**
   * After the other sockets of this turn were read, as requests come in swarms; and while the main
   * thread has some that it has not answered, a little later: it takes many as easily as a few.
   */
  #sendSoon(): void {
    if (this.#open.size === 1) setImmediate(() => this.#send());
    else this.#cancel = after(GATHER_MS, () => this.#send());
  }

  #send(): void {
    this.#cancel();
    if (this.#asked.length === 0) return;
    const bytes = this.#packer.bytes();
    const message = { type: 'ask', state: this.#state, asked: this.#asked, bytes } as const;
    this.#asked = [];
    this.#packer = new Packer();
    this.#options.post(message, [bytes]);
  }

  #left(id: number): void {
    if (!this.#open.has(id)) return;
    if (this.#gone.length === 0)
      setImmediate(() => {
        // It may not be asked yet.
        this.#send();
        this.#options.post({ type: 'gone', ids: this.#gone });
        this.#gone = [];
      });
    this.#gone.push(id);
  }
}
