// One thing after another. What fails is said to who asked for it; the next one runs all the same.

export class SerialQueue {
  /** Settled when all that was asked for is done. It never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /**
   * Runs `task` after all that was asked for before, whatever became of it. Settles as the task
   * does.
   */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(task).finally(() => {
      this.#waiting--;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when all is done, also what is asked for meanwhile. */
  async idle(): Promise<void> {
    while (!this.isIdle) await this.#last;
  }
}
