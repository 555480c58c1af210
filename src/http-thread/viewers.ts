// Who looks at the page, as the main thread knows them: what they are told goes through the thread
// of HTTP, which says when they have taken it.

import type { Awaitable } from '../http/admin.ts';
import type { PageSource, Viewer } from '../http/page.ts';
import type { ToThread } from './protocol.ts';

interface Connected extends Viewer {
  /** How often it was told something that it has not taken yet. */
  untaken: number;
}

export class Viewers {
  readonly #page: PageSource;
  readonly #post: (message: ToThread) => void;
  readonly #viewers = new Map<number, Connected>();

  constructor(page: PageSource, post: (message: ToThread) => void) {
    this.#page = page;
    this.#post = post;
  }

  join(id: number): Awaitable<boolean> {
    const post = this.#post;
    const viewer: Connected = {
      untaken: 0,
      get isBehind() {
        return viewer.untaken > 0;
      },
      tell(text) {
        viewer.untaken++;
        post({ type: 'view', viewer: id, text });
      },
      end: () => post({ type: 'viewEnds', viewer: id }),
    };
    this.#viewers.set(id, viewer);
    return this.#page.join(viewer);
  }

  leave(id: number): void {
    const viewer = this.#viewers.get(id);
    this.#viewers.delete(id);
    if (viewer !== undefined) this.#page.leave(viewer);
  }

  took(id: number): void {
    const viewer = this.#viewers.get(id);
    if (viewer !== undefined) viewer.untaken--;
  }

  end(): Awaitable<void> {
    return this.#page.end();
  }
}
