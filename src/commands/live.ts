// Shows how far a command is, where somebody can see it.

import { liveLine } from '../telemetry/live-line.ts';
import { ProgressBar, type Work } from '../telemetry/progress-bar.ts';
import { every } from '../time/timer.ts';

const SHOWN_EVERY_MS = 500;

/** Begins to show a bar; returns what ends it. */
export function showBar(isQuiet: boolean, work: () => Work): () => void {
  if (isQuiet || !liveLine.isShown) return () => {};
  const bar = new ProgressBar(performance.now());
  const stop = every(SHOWN_EVERY_MS, () => liveLine.show(bar.next(work(), performance.now())));
  return () => {
    stop();
    liveLine.end();
  };
}
