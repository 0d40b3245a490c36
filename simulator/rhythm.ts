/** The hours of the day and the days of the year, as devices feel them. Clocks are UTC. */

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365.25 * DAY_MS;

/** 1 at the peak hour, −1 twelve hours away. */
export function daily(at: number, peakHour: number): number {
  return Math.cos(2 * Math.PI * (at / DAY_MS - peakHour / 24));
}

/** 1 around the end of July, −1 around the end of January. */
export function yearly(at: number): number {
  return Math.cos(2 * Math.PI * (at / YEAR_MS - 0.57));
}

/** How much trade there is: 0 in the small hours, 1 in the afternoon. */
export function trade(at: number): number {
  return (1 + daily(at, 15)) / 2;
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
