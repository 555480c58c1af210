// Counts with names. A table says which names there are, and what each counts. All code that adds,
// logs or prints counts reads the table. So a new count needs one line in the table, and one line
// where it is counted.

/** What each name counts. */
export type CountTable = Readonly<Record<string, string>>;

export type Counts<Table extends CountTable> = Readonly<Record<keyof Table, number>>;

const countsOf = <Table extends CountTable>(
  table: Table,
  count: (name: keyof Table) => number,
): Counts<Table> =>
  Object.fromEntries(Object.keys(table).map((name) => [name, count(name)])) as Counts<Table>;

export const zero = <Table extends CountTable>(table: Table): Counts<Table> => countsOf(table, () => 0);

/** Adds the counts that are in the table; the objects may have more fields. */
export const add = <Table extends CountTable>(
  table: Table,
  left: Counts<Table>,
  right: Counts<Table>,
): Counts<Table> => countsOf(table, (name) => left[name] + right[name]);

export const subtract = <Table extends CountTable>(
  table: Table,
  left: Counts<Table>,
  right: Counts<Table>,
): Counts<Table> => countsOf(table, (name) => left[name] - right[name]);

/** Adds to counts in place: for what is added to all the time. */
export function increase<Table extends CountTable>(
  table: Table,
  sum: { -readonly [Name in keyof Counts<Table>]: number },
  more: Counts<Table>,
): void {
  for (const name in table) sum[name] += more[name];
}
