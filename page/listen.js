// The connection to the daemon: server-sent events. It is tried again for ever, and a connection
// that says nothing for a while counts as lost.

/** @typedef {import('../src/page/told.ts').PageSnapshot} PageSnapshot */
/** @typedef {'connecting' | 'live' | 'lost'} Connection */

const SILENT_MS = 5_000;
const AGAIN_MS = 2_000;

/** @param {{ heard(snapshot: PageSnapshot): void, changed(state: Connection): void }} listener */
export function listen({ heard, changed }) {
  /** @type {Connection} */
  let state = 'connecting';
  let lastMs = performance.now();
  let stream = open();

  function open() {
    const source = new EventSource('/events');
    source.addEventListener('message', ({ data }) => {
      lastMs = performance.now();
      become('live');
      heard(JSON.parse(data));
    });
    // The browser tries again by itself, but not after an answer that is no stream.
    source.addEventListener('error', () => become('lost'));
    return source;
  }

  /** @param {Connection} next */
  function become(next) {
    if (next === state) return;
    state = next;
    changed(state);
  }

  setInterval(() => {
    const silentMs = performance.now() - lastMs;
    if (silentMs < SILENT_MS && stream.readyState !== EventSource.CLOSED) return;
    become('lost');
    stream.close();
    lastMs = performance.now() - SILENT_MS + AGAIN_MS;
    stream = open();
  }, 1_000);
}
