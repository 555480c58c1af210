// What stopped a broker that the bench started, from the log of its Java (`-Xlog:safepoint`).

import type { Happening } from './tail.ts';

const LINE = /^\[(\d+)ms\] Safepoint "([^"]+)".* Total: +(\d+) ns/;
const LONG_MS = 2;

/** A line is written when the pause is over. */
export function brokerPauses(text: string): readonly Happening[] {
  return text.split('\n').flatMap((line): Happening[] => {
    const [, atMs, name, nanos] = LINE.exec(line) ?? [];
    const ms = Number(nanos) / 1e6;
    if (!(ms >= LONG_MS)) return [];
    const untilMs = Number(atMs);
    return [{ what: `broker: stopped for ${name}`, ms, fromMs: untilMs - ms, untilMs }];
  });
}
