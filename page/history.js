// The last ten minutes of each job, kept in the browser, also over a reload of the page.

/** @typedef {import('../src/page/told.ts').PageSnapshot} PageSnapshot */
/** @typedef {{ atMs: number, results: number | null, dead: number | null, p50: number | null, p99: number | null, p999: number | null }} Point */

export const KEPT_MS = 600_000;
const NAME = 'scorelane-history';

export class History {
  /** Another process is another history. */
  #startedAtMs = 0;
  /** @type {Map<string, Point[]>} */
  #points = new Map();

  constructor() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(NAME) ?? 'null');
      if (kept !== null) {
        this.#startedAtMs = kept.startedAtMs;
        this.#points = new Map(kept.points);
      }
    } catch {
      // A browser that keeps nothing: the history begins now.
    }
    addEventListener('pagehide', () => {
      try {
        const kept = { startedAtMs: this.#startedAtMs, points: [...this.#points] };
        sessionStorage.setItem(NAME, JSON.stringify(kept));
      } catch {
        // The same.
      }
    });
  }

  /** @param {PageSnapshot} snapshot */
  add({ startedAtMs, nowMs, jobs }) {
    if (startedAtMs !== this.#startedAtMs) this.#points.clear();
    this.#startedAtMs = startedAtMs;
    for (const { name, running } of jobs) {
      const points = this.#points.get(name) ?? [];
      const { rates = null, times } = running ?? {};
      const { p50 = null, p99 = null, p999 = null } = times?.endToEnd ?? {};
      if (rates !== null)
        points.push({ atMs: nowMs, results: rates.results, dead: rates.deadLetters, p50, p99, p999 });
      while (points.length > 0 && /** @type {Point} */ (points[0]).atMs < nowMs - KEPT_MS) points.shift();
      this.#points.set(name, points);
    }
  }

  /** @param {string} job @returns {readonly Point[]} */
  of(job) {
    return this.#points.get(job) ?? [];
  }
}

/** One row a minute, the latest first: means of rates, and the worst percentiles. @param {readonly Point[]} points */
export function byMinute(points) {
  const minutes = Map.groupBy(points, ({ atMs }) => Math.floor(atMs / 60_000));
  return [...minutes].reverse().map(([minute, group]) => {
    const mean = (/** @type {'results' | 'dead'} */ name) =>
      group.reduce((sum, point) => sum + (point[name] ?? 0), 0) / group.length;
    const worst = (/** @type {'p50' | 'p99' | 'p999'} */ name) => {
      const known = group.flatMap((point) =>
        point[name] === null ? [] : [/** @type {number} */ (point[name])],
      );
      return known.length === 0 ? null : Math.max(...known);
    };
    return {
      atMs: minute * 60_000,
      results: mean('results'),
      dead: mean('dead'),
      p50: worst('p50'),
      p99: worst('p99'),
      p999: worst('p999'),
    };
  });
}
