// Numbers as people read them: `2,039`.

/** A whole number, its digits in groups of three. */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en');
