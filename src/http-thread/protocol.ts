// What the thread of HTTP and the main thread say to each other. All of it can be cloned.

import type { Admin } from '../http/admin.ts';
import type { PageFile } from '../http/page.ts';
import type { Readiness } from '../http/readiness.ts';
import type { HttpRejection } from '../http/rejections.ts';
import type { RoomLimits } from '../http/room.ts';
import type { ServedRoute } from '../http/routes.ts';
import type { HttpLimits } from '../http/server.ts';
import type { RecordAnswer } from '../serving/record-answers.ts';
import type { RowAnswer } from '../serving/row-answers.ts';
import type { ModelShape } from '../serving/served-model.ts';
import type { ModelVersions } from '../versions/model-versions.ts';

/** A model that requests may ask, as one of the main thread's. */
export interface ToldModel {
  readonly id: number;
  readonly shape: ModelShape;
}

export interface ToldJob {
  readonly name: string;
  readonly model: ToldModel | null;
  readonly why: string;
  readonly others: readonly ToldModel[];
  /** Whether it can be asked for its versions. */
  readonly isLiving: boolean;
}

export interface ToldJobs {
  /** Grows when another model serves, or one begins or ends. */
  readonly state: number;
  readonly jobs: readonly ToldJob[];
}

/** What the main thread does when it is asked to. */
export interface Calls extends Omit<Admin, 'logLevels'> {
  live(): void;
  readiness(): Readiness;
  metrics(): Promise<string>;
  /** Null where they are as the thread knows them, which tells the state of that. */
  jobs(known: number): ToldJobs | null;
  /** Null where no such job runs. There may be many: only who needs them asks. */
  versionsOf(job: string): ModelVersions | null;
  /** Has a job look which version shall serve. */
  lookForVersions(job: string): Promise<void> | undefined;
  joinPage(viewer: number): boolean;
  leavePage(viewer: number): void;
  endPage(): void;
}

/** How the thread asks for it. */
export type Call = <N extends keyof Calls>(
  name: N,
  ...given: Parameters<Calls[N]>
) => Promise<Awaited<ReturnType<Calls[N]>>>;

/** What the thread begins with. */
export interface ThreadData {
  readonly address: { readonly host: string; readonly port: number };
  readonly limits: HttpLimits;
  readonly adminToken: string | null;
  readonly version: string;
  readonly metricsType: string;
  readonly logLevels: readonly string[];
  readonly page: ReadonlyMap<string, PageFile> | null;
  /** Null where nothing is scored for requests. */
  readonly serving: {
    readonly room: SharedArrayBuffer;
    readonly limits: RoomLimits;
    readonly jobs: ToldJobs;
  } | null;
}

/**
 * Records whose bytes stand one after the other, in few numbers, which cost less than maps: for
 * each the bytes of its key, or -1 where it has none, those of its value, and its timestamp.
 */
export type PackedRecords = readonly number[];

export interface AskedRecords {
  readonly id: number;
  readonly model: number;
  readonly records: PackedRecords;
}

export interface AskedRows {
  readonly id: number;
  readonly model: number;
  readonly rows: { readonly cells: Float32Array; readonly rows: number; readonly texts: readonly string[] };
}

/** Requests that differ only in how long they took. */
export interface AnsweredRequests {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  /** Of each. */
  readonly seconds: readonly number[];
}

/** An error of the other side. */
export interface ToldError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  /** Where the windows are, if that is what it says. */
  readonly elsewhere: { readonly topic: string; readonly partitions: readonly number[] } | null;
}

export type FromThread =
  | { readonly type: 'listening'; readonly url: string; readonly routes: readonly ServedRoute[] }
  | { readonly type: 'cannotListen'; readonly error: ToldError }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly name: keyof Calls;
      readonly given: readonly unknown[];
    }
  /** All that came in one turn of the event loop, and the state of the jobs that it is for. */
  | {
      readonly type: 'ask';
      readonly state: number;
      readonly asked: readonly (AskedRecords | AskedRows)[];
      readonly bytes: ArrayBuffer;
    }
  /** Nobody waits for these any more. */
  | { readonly type: 'gone'; readonly ids: readonly number[] }
  | {
      readonly type: 'counted';
      readonly answered: readonly AnsweredRequests[];
      readonly rejected: readonly HttpRejection[];
    }
  | { readonly type: 'failed'; readonly error: ToldError; readonly route: string }
  | { readonly type: 'notRenewed'; readonly error: ToldError }
  /** A viewer has taken all that it was told. */
  | { readonly type: 'took'; readonly viewer: number }
  | { readonly type: 'stopped' };

/** For results, the number of their bytes; they stand one after the other. */
export type PackedAnswer = number | Exclude<RecordAnswer, { readonly result: Uint8Array }>;

export type GivenAnswer =
  | { readonly id: number; readonly records: readonly PackedAnswer[] }
  | { readonly id: number; readonly rows: RowAnswer }
  | { readonly id: number; readonly failed: ToldError };

export type ToThread =
  | { readonly type: 'returned'; readonly id: number; readonly value: unknown }
  | { readonly type: 'threw'; readonly id: number; readonly error: ToldError }
  | { readonly type: 'answers'; readonly answers: readonly GivenAnswer[]; readonly bytes: ArrayBuffer }
  /** What was known of the jobs is out of date: nothing of that was asked. */
  | { readonly type: 'outOfDate'; readonly ids: readonly number[]; readonly jobs: ToldJobs }
  | { readonly type: 'view'; readonly viewer: number; readonly text: string }
  | { readonly type: 'viewEnds'; readonly viewer: number }
  | { readonly type: 'stop' };
