// Waits for a condition, never for a time: polls until it holds, and fails with what was waited
// for.

const POLL_MS = 10;
const DEFAULT_TIMEOUT_MS = 60_000;

export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms without success for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
