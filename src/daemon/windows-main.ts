// The process that builds up windows beside those that serve. It may take long, and much memory.

import { pino } from 'pino';
import { buildWindows, type LanePosition, type WindowsToBuild } from './build-windows.ts';
import { sayLast, serveDaemon } from './helper-main.ts';

/** In the first message it is told what to build, in all others where the lanes stand. */
export type ToWindows = WindowsToBuild | readonly LanePosition[];

/**
 * `ask`: where do the lanes stand? `ended` is the last; `message`: why they are not there, null if
 * they are.
 */
export type FromWindows =
  | { readonly type: 'ask' }
  | { readonly type: 'progress'; readonly share: number }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'ended'; readonly message: string | null };

const say = (message: FromWindows): void => {
  process.send?.(message);
};

let answer: (lanes: readonly LanePosition[]) => void = () => {};

const logger = pino(
  { level: 'warn' },
  { write: (line) => say({ type: 'warning', message: (JSON.parse(line) as { msg: string }).msg }) },
);

async function build(wanted: WindowsToBuild): Promise<void> {
  let message: string | null = null;
  try {
    await buildWindows(wanted, {
      logger,
      ask: () => {
        const { promise, resolve } = Promise.withResolvers<readonly LanePosition[]>();
        answer = resolve;
        say({ type: 'ask' });
        return promise;
      },
      onProgress: (share) => say({ type: 'progress', share }),
    });
  } catch (error) {
    ({ message } = error as Error);
  }
  sayLast({ type: 'ended', message } satisfies FromWindows);
}

serveDaemon((message) => {
  const told = message as ToWindows;
  if ('config' in told) void build(told);
  else answer(told);
});
