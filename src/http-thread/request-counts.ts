// What the thread of HTTP counts for the metrics, which the main thread has: told together, now and
// then, and before anybody reads them.

import type { HttpRejection } from '../http/rejections.ts';
import { after } from '../time/timer.ts';
import type { AnsweredRequests, FromThread } from './protocol.ts';

const TELL_AFTER_MS = 250;

export class RequestCounts {
  readonly #post: (message: FromThread) => void;
  #answered = new Map<string, AnsweredRequests & { readonly seconds: number[] }>();
  #rejected: HttpRejection[] = [];
  #isDue = false;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  answered(method: string, route: string, status: number, seconds: number): void {
    const key = `${status} ${method} ${route}`;
    const same = this.#answered.get(key);
    if (same === undefined) this.#answered.set(key, { method, route, status, seconds: [seconds] });
    else same.seconds.push(seconds);
    this.#tellSoon();
  }

  rejected(reason: HttpRejection): void {
    this.#rejected.push(reason);
    this.#tellSoon();
  }

  tell(): void {
    const [answered, rejected] = [[...this.#answered.values()], this.#rejected];
    if (answered.length === 0 && rejected.length === 0) return;
    this.#answered.clear();
    this.#rejected = [];
    this.#post({ type: 'counted', answered, rejected });
  }

  #tellSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    after(
      TELL_AFTER_MS,
      () => {
        this.#isDue = false;
        this.tell();
      },
      { keepsAlive: false },
    );
  }
}
