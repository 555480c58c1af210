// The page as the thread of HTTP serves it: its files are here, and what is told to viewers comes
// from the main thread.

import type { PageFile, PageSource, Viewer } from '../http/page.ts';
import type { Call, FromThread, ToThread } from './protocol.ts';

export class ViewedPage implements PageSource {
  readonly files: ReadonlyMap<string, PageFile>;
  readonly #call: Call;
  readonly #post: (message: FromThread) => void;
  readonly #viewers = new Map<number, Viewer>();
  readonly #ids = new WeakMap<Viewer, number>();
  #nextId = 0;

  constructor(
    files: ReadonlyMap<string, PageFile>,
    { call, post }: { readonly call: Call; readonly post: (message: FromThread) => void },
  ) {
    this.files = files;
    this.#call = call;
    this.#post = post;
  }

  async join(viewer: Viewer): Promise<boolean> {
    const id = this.#nextId++;
    this.#viewers.set(id, viewer);
    this.#ids.set(viewer, id);
    const isIn = await this.#call('joinPage', id);
    if (!isIn) this.#viewers.delete(id);
    return isIn;
  }

  leave(viewer: Viewer): void {
    const id = this.#ids.get(viewer);
    if (id === undefined) return;
    this.#viewers.delete(id);
    void this.#call('leavePage', id);
  }

  async end(): Promise<void> {
    await this.#call('endPage');
  }

  take(message: Extract<ToThread, { readonly type: 'view' | 'viewEnds' }>): void {
    const viewer = this.#viewers.get(message.viewer);
    if (message.type === 'viewEnds') viewer?.end();
    else viewer?.tell(message.text, () => this.#post({ type: 'took', viewer: message.viewer }));
  }
}
