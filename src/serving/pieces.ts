// A large request waits for its turn in pieces: others come between them.

export const PIECE_RECORDS = 256;

/** Where the pieces of so many records begin and end. */
export const piecesOf = (records: number): readonly (readonly [from: number, until: number])[] =>
  Array.from({ length: Math.ceil(records / PIECE_RECORDS) }, (_, index) => [
    index * PIECE_RECORDS,
    Math.min(records, (index + 1) * PIECE_RECORDS),
  ]);
