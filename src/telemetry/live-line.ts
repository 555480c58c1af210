// The line at the bottom of a terminal that says what happens now. It follows the width of the
// terminal, and steps aside for everything else that is written there.

/** What the line needs of a stream of Node. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
}

/** Makes the text for a width. */
export type Fitting = (columns: number) => string;

const CLEAR_LINE = '\r\u001b[2K';
/** Where a terminal does not know its width. */
const COLUMNS = 80;

export class LiveLine {
  readonly #terminal: Terminal | null;
  #text: Fitting | null = null;

  constructor(terminal: Terminal | null) {
    this.#terminal = terminal;
    // What was drawn for the old width may have been broken into two lines.
    terminal?.on?.('resize', () => {
      if (this.#text !== null) this.#draw(this.#text);
    });
  }

  /** Whether there is a terminal to show it on. */
  get isShown(): boolean {
    return this.#terminal !== null;
  }

  show(text: Fitting): void {
    if (this.#terminal === null) return;
    this.#text = text;
    this.#draw(text);
  }

  /** Runs what writes to the same terminal: above the line. */
  above(write: () => void): void {
    if (this.#text === null) {
      write();
      return;
    }
    this.#terminal?.write(CLEAR_LINE);
    write();
    this.#draw(this.#text);
  }

  /** The line is gone until it is shown again. */
  end(): void {
    if (this.#text !== null) this.#terminal?.write(CLEAR_LINE);
    this.#text = null;
  }

  #draw(text: Fitting): void {
    // In the last column some terminals begin a new line.
    const columns = (this.#terminal?.columns || COLUMNS) - 1;
    this.#terminal?.write(CLEAR_LINE + text(columns).slice(0, columns));
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The first of the streams that is a terminal; null if there is none, if it cannot clear a line,
 * or if it is that of a machine that builds and tests, where nobody looks.
 */
export function terminalOf(streams: readonly Terminal[], { CI, TERM }: Environment): Terminal | null {
  const isCi = CI !== undefined && !['', '0', 'false'].includes(CI);
  if (isCi || TERM === 'dumb') return null;
  return streams.find(({ isTTY }) => isTTY === true) ?? null;
}

/** The line of this process. The log is on standard error, so the line is there if it can be. */
export const liveLine = new LiveLine(terminalOf([process.stderr, process.stdout], process.env));

export interface Part {
  readonly text: string;
  /** Parts with the highest are left out first. */
  readonly rank: number;
}

/** The parts side by side, as many as fit into so many columns. */
export function fitParts(parts: readonly Part[], columns: number): string {
  const line = parts.map(({ text }) => text).join('  ');
  if (line.length <= columns || parts.length < 2) return line;
  const last = Math.max(...parts.map(({ rank }) => rank));
  return fitParts(
    parts.filter(({ rank }) => rank !== last),
    columns,
  );
}
