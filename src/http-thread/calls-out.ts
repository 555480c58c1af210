// What the thread of HTTP has the main thread do, each with its answer.

import type { Call, FromThread, ToThread } from './protocol.ts';
import { errorOf } from './told-error.ts';

export class CallsOut {
  readonly #post: (message: FromThread) => void;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 0;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  /** Resolves and rejects as the call does there. */
  call: Call = (name, ...given) => {
    const id = this.#nextId++;
    const open = Promise.withResolvers<unknown>();
    this.#open.set(id, open);
    this.#post({ type: 'call', id, name, given });
    return open.promise as ReturnType<typeof this.call<typeof name>>;
  };

  take(message: Extract<ToThread, { readonly type: 'returned' | 'threw' }>): void {
    const open = this.#open.get(message.id);
    this.#open.delete(message.id);
    if (message.type === 'threw') open?.reject(errorOf(message.error));
    else open?.resolve(message.value);
  }
}
