/**
 * How far the clocks of a time zone are from UTC, and from when to when.
 *
 * Between two changes of its offset a zone's wall clock is UTC, shifted. Whoever cuts a window where
 * the offset changes can do plain arithmetic in every piece, and daylight saving is dealt with.
 */

/** [from, to) in whole microseconds since the epoch; the wall clock shows UTC + offset. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** Stretches of a zone that were asked for, by calendar year (UTC). */
const years = new Map<string, readonly Stretch[]>();
/** Some 600 zones exist; more years than this are asked for by nobody, and then we begin anew. */
const YEARS_MAX = 20_000;

/**
 * Calls back for [from, to) (µs) in order, cut where the zone's offset from UTC (µs, east positive)
 * or the year changes.
 */
export function forEachOffset(
  zone: string,
  from: number,
  to: number,
  visit: (from: number, to: number, offset: number) => void,
): void {
  const lastYear = yearOf(to);
  for (let year = yearOf(from); year <= lastYear; year++) {
    for (const stretch of stretchesOf(zone, year)) {
      const start = Math.max(from, stretch.from);
      const end = Math.min(to, stretch.to);
      if (start < end) visit(start, end, stretch.offset);
    }
  }
}

function yearOf(moment: number): number {
  return new Date(Math.floor(moment / 1000)).getUTCFullYear();
}

function stretchesOf(zone: string, year: number): readonly Stretch[] {
  const key = `${zone}|${year}`;
  let found = years.get(key);
  if (found === undefined) {
    found = cutYear(zone, year);
    if (years.size >= YEARS_MAX) years.clear();
    years.set(key, found);
  }
  return found;
}

function cutYear(zone: string, year: number): Stretch[] {
  const end = Date.UTC(year + 1, 0, 1);
  let clock = Temporal.Instant.fromEpochMilliseconds(Date.UTC(year, 0, 1)).toZonedDateTimeISO(zone);
  const stretches: Stretch[] = [];
  while (clock.epochMilliseconds < end) {
    const next = clock.getTimeZoneTransition("next");
    stretches.push({
      from: clock.epochMilliseconds * 1000,
      to: Math.min(next?.epochMilliseconds ?? Infinity, end) * 1000,
      offset: clock.offsetNanoseconds / 1000,
    });
    if (next === null) break;
    clock = next;
  }
  return stretches;
}
