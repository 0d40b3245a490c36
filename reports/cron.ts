/** When something is due again and again: moments of a cron expression in a time zone. */
import { Cron } from "croner";

/** Why a cron expression or its zone cannot be used; the message is for whoever wrote it. */
export class RecurrenceError extends Error {
  override readonly name = "RecurrenceError";

  constructor(readonly field: "cron" | "zone", message: string) {
    super(message);
  }
}

/** The first moment after another, epoch ms. Throws RecurrenceError. */
export function nextRun(cron: string, zone: string, after: number): number {
  if (!isZone(zone)) {
    throw new RecurrenceError("zone", `expected an IANA time zone such as America/Chicago`);
  }
  const next = parse(cron, zone).nextRun(new Date(after));
  if (next === null) throw new RecurrenceError("cron", "there is no such moment in the future");
  return next.getTime();
}

const FIELDS = 'expected minute, hour, day, month and weekday, such as "0 6 * * 1"';

function parse(cron: string, zone: string): Cron {
  try {
    // Five fields: a report every second is nobody's wish.
    return new Cron(cron, { paused: true, mode: "5-part", timezone: zone });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "";
    // What it says of the number of fields is not true here.
    throw new RecurrenceError("cron", /part/.test(why) ? FIELDS : `${FIELDS}; ${why}`);
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // An offset such as +02:00 is none: it knows nothing of daylight saving.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false; // Intl throws for a zone that does not exist.
  }
}
