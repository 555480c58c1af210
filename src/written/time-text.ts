// Times as people write them, in options and in CSV files: ISO 8601, which means the same on every
// machine.

/** A date, the time of day, and the distance from UTC. Only the date is required. */
const ISO = /^([+-]?\d{4,6}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * From ISO 8601 to milliseconds since 1970, NaN for anything else. Without a zone it is UTC, never
 * the zone of this machine.
 */
export function timeIn(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] = ISO.exec(text) ?? [];
  if (date === undefined) return Number.NaN;
  const distance =
    zone.toUpperCase() === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  // Date.parse takes the 30th of February for the 2nd of March.
  const day = Date.parse(`${date}T00:00Z`);
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return Number.NaN;
  return Date.parse(`${date}T${time.replace(',', '.')}${distance}`);
}
