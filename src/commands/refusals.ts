// Counts what was refused by its reason, with the first one of each as an example.

export class Refusals {
  readonly #byCode = new Map<string, { count: number; readonly example: string }>();

  add(code: string, example: () => string): void {
    const found = this.#byCode.get(code);
    if (found === undefined) this.#byCode.set(code, { count: 1, example: example() });
    else found.count++;
  }

  get count(): number {
    return [...this.#byCode.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** A line for each reason; `what` says what so many are. */
  lines(what: (count: number) => string): string[] {
    return [...this.#byCode].map(([code, { count, example }]) => `${what(count)}, ${code}: ${example}`);
  }
}
