// Counts under names. A table says which names there are and what each counts; whoever adds, logs
// or prints counts goes by the table, so that a new one is a line there and a line where it is
// counted.

/** For each name what it counts. */
export type CountTable = Readonly<Record<string, string>>;

export type Counts<Table extends CountTable> = Readonly<Record<keyof Table, number>>;

const countsOf = <Table extends CountTable>(
  table: Table,
  count: (name: keyof Table) => number,
): Counts<Table> =>
  Object.fromEntries(Object.keys(table).map((name) => [name, count(name)])) as Counts<Table>;

export const zero = <Table extends CountTable>(table: Table): Counts<Table> => countsOf(table, () => 0);

/** What they share is as the table has it: they may have more besides. */
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
