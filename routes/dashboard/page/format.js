/** Numbers, moments and statuses, as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const full = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

export function count(value) {
  return typeof value === "number" ? whole.format(value) : "–";
}

export function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? short.format(value) : "–";
}

export function percent(share) {
  if (typeof share !== "number") return "–";
  // 99.996 % is not 100 %.
  return `${(Math.floor(share * 100_000) / 1000).toFixed(share === 1 ? 0 : 2)} %`;
}

/** A share of a few things is no more exact than this. */
export function roughly(share) {
  return typeof share === "number" ? `${Math.round(100 * share)} %` : "–";
}

export function timeOfDay(instant) {
  return clock.format(new Date(instant));
}

export function moment(instant) {
  return instant ? full.format(new Date(instant)) : "never";
}

/** "20:31" of today; with the day where it is another. */
export function shortMoment(instant) {
  const date = new Date(instant);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock.format(date) : dayMoment(date);
}

/** "Nov 20, 10:56": a moment on an axis that is longer than a day. */
export function dayMoment(instant) {
  const date = new Date(instant);
  return `${day.format(date)}, ${clock.format(date)}`;
}

export function ago(instant) {
  if (!instant) return "never";
  const ms = Date.now() - new Date(instant).getTime();
  return ms < 1000 ? "now" : `${duration(ms)} ago`;
}

export function left(instant) {
  const ms = new Date(instant).getTime() - Date.now();
  return ms > 0 ? `${duration(ms)} left` : "that time has passed";
}

export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = minutes / 60;
  if (hours < 36) return `${hours.toFixed(hours < 10 ? 1 : 0)} h`;
  return `${Math.round(hours / 24)} d`;
}

/** "cash_level_percent" → "Cash level percent"; "acceleration.rms" → "Acceleration rms". */
export function words(name) {
  const spaced = name.replaceAll(/[_.]/g, " ").replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return spaced.slice(0, 1).toUpperCase() + spaced.slice(1);
}

const TONES = {
  online: "good",
  active: "good",
  reporting: "good",
  Normal: "good",
  Satisfactory: "good",
  maintenance: "warn",
  Alert: "warn",
  offline: "bad",
  error: "bad",
  inactive: "bad",
  Unacceptable: "bad",
  up: "good",
  down: "bad",
  closed: "none",
  critical: "bad",
  high: "bad",
  medium: "warn",
  low: "dim",
};

/** The colour of a status, a condition or a severity. */
export function toneOf(status) {
  return Object.hasOwn(TONES, status) ? TONES[status] : "dim";
}

/** ISO 20816, from good to bad. */
export const ZONES = [
  { zone: "A", status: "Normal", tone: "good", meaning: "as new" },
  { zone: "B", status: "Satisfactory", tone: "good", meaning: "good for long-term operation" },
  { zone: "C", status: "Alert", tone: "warn", meaning: "for a limited time only" },
  { zone: "D", status: "Unacceptable", tone: "bad", meaning: "enough to cause damage" },
];

/** Undefined for a status that is no zone. */
export function zoneOf(status) {
  return ZONES.find((zone) => zone.status === status);
}

/** Larger is worse; what is not known comes last. */
export function zoneRank(status) {
  return ZONES.findIndex((zone) => zone.status === status);
}
