// Runs tasks one after the other. If a task fails, its caller gets the error, and the next task
// runs.

export class SerialQueue {
  /** Resolves when all tasks are done. It never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /** Runs `task` after all earlier tasks, even if they failed. Settles as the task does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(task).finally(() => {
      this.#waiting--;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when all tasks are done, also those that are added meanwhile. */
  async idle(): Promise<void> {
    while (!this.isIdle) await this.#last;
  }
}
