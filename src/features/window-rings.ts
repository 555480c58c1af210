// Which rings of panes windows need, and what a window says of what was gathered for it.

import { type Gathered, Panes } from './panes.ts';
import type { Window, WindowFunction } from './window-spec.ts';

export const NO_RING = '';

const needsPanes = (name: WindowFunction): boolean => name !== 'timeSinceLast' && name !== 'last';

/** Windows with the same ring key share their panes. Windows that need no panes have ''. */
export function ringKey(
  { function: name, of, hopMs }: Window,
  all: readonly { readonly window: Window }[],
): string {
  if (!needsPanes(name)) return NO_RING;
  const any = all.find(
    ({ window }) => window.of !== undefined && window.hopMs === hopMs && needsPanes(window.function),
  )?.window.of;
  return `${hopMs} ${of ?? any ?? ''}`;
}

export const ringFor = (windows: readonly Window[]): Panes =>
  new Panes(
    windows[0]?.hopMs as number,
    Math.max(...windows.map(ringLength)),
    windows.map((window) => window.function),
    Math.max(...windows.map(({ bound }) => bound)),
  );

/**
 * How many panes a window can reach back over, from the watermark: its own panes, those of the
 * delay, and one at either end.
 */
export const ringLength = ({ panes, delayMs, hopMs }: Window): number =>
  panes + Math.ceil(delayMs / hopMs) + 2;

export function result({ function: name, sizeMs, empty }: Window, gathered: Gathered): number {
  const { count } = gathered;
  if (name === 'count') return count;
  if (name === 'rate') return count / (sizeMs / 1_000);
  if (count === 0) return empty;
  switch (name) {
    case 'sum':
      return gathered.sum;
    case 'mean':
      return gathered.sum / count;
    case 'variance':
      return gathered.squares / count;
    case 'min':
      return gathered.min;
    case 'max':
      return gathered.max;
    default:
      return gathered.distinct.size;
  }
}
