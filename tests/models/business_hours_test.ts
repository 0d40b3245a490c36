/** Business time against the slow and obvious way: asking the wall clock at every minute or second. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isTimeZone } from "../../events/store.ts";
import {
  type BusinessHours,
  businessIntervals,
  type OpeningHours,
} from "../../models/business_hours.ts";
import { DAY, HOUR, MINUTE, openSteps, wallClockAt } from "./wall_clock.ts";

const ZONES = [
  "America/Chicago",
  "Asia/Beirut",
  "America/Phoenix",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

function daily(...spans: readonly (readonly [start: string, end: string])[]): OpeningHours[] {
  return spans.flatMap(([start, end]) => EVERY_DAY.map((day) => ({ day, start, end })));
}

/** Every way to write hours that the contract speaks of. */
const SCHEDULES: Readonly<Record<string, readonly OpeningHours[] | null>> = {
  "always": null,
  "no rows": [],
  "a plain day": daily(["09:00:00", "17:00:00"]),
  "overnight": daily(["22:00:00", "02:30:00"]),
  "only in the hour that clocks skip": daily(["02:00:00", "03:00:00"]),
  "across the change": daily(["01:15:00", "02:45:00"]),
  "only in the hour that clocks repeat": daily(["01:00:00", "02:00:00"]),
  "around midnight, where Beirut changes": daily(["23:10:00", "00:20:00"]),
  "split": daily(["08:00:00", "12:00:00"], ["13:30:00", "20:00:00"]),
  "touching": daily(["00:00:00", "02:00:00"], ["02:00:00", "10:00:00"]),
  "overlapping": daily(["01:00:00", "11:00:00"], ["02:20:00", "09:00:00"], ["10:00", "12:00"]),
  "reversed and overlapping the next day": daily(["18:00:00", "09:00:00"], ["08:00:00", "10:00"]),
  "until 23:59": daily(["06:00:00", "23:59:00"]),
  "until 23:59:59, and on from midnight": daily(["20:00:00", "23:59:59"], ["00:00:00", "04:00:00"]),
  "until 24:00": daily(["21:00", "24:00"]),
  "until 00:00": daily(["21:00", "00:00"]),
  "a whole day, equal ends": daily(["00:00:00", "00:00:00"]),
  "a whole day from noon": [{ day: 5, start: "12:00", end: "12:00" }],
  "the last minute": daily(["23:59:00", "23:59:00"]),
  "Sunday night into Monday": [{ day: 6, start: "20:00:00", end: "05:00:00" }],
  "Sundays only": [{ day: 6, start: "00:00:00", end: "01:30:00" }],
  "weekdays only": EVERY_DAY.slice(0, 5).map((day) => ({ day, start: "7:30", end: "19:45" })),
};

Deno.test("business time around every clock change of 2023 to 2027 is what the wall clock shows", () => {
  const changes = daysOfChange(2023, 2027);
  assert.equal(changes.length, 30);
  for (const zone of ZONES) {
    for (const { noon } of changes) {
      const [from, to] = [noon - DAY, noon + DAY];
      for (const [name, hours] of Object.entries(SCHEDULES)) {
        const found = businessIntervals({ hours, zone }, from, to);
        const expected = openSteps({ hours, zone }, from, to, MINUTE);
        assert.deepEqual(
          found,
          expected,
          `${name} in ${zone} around ${new Date(noon).toISOString()}`,
        );
      }
    }
  }
});

/** Noon (UTC) of every day on which one of the zones changes its offset. */
function daysOfChange(first: number, last: number): { zone: string; noon: number }[] {
  const changes: { zone: string; noon: number }[] = [];
  for (const zone of ZONES) {
    for (let noon = Date.UTC(first, 0, 1, 12); noon < Date.UTC(last + 1, 0, 1); noon += DAY) {
      const [before, after] = [
        wallClockAt(zone, noon - DAY / 2),
        wallClockAt(zone, noon + DAY / 2),
      ];
      if (before.time !== after.time) changes.push({ zone, noon });
    }
  }
  return changes;
}

Deno.test("any hours in any zone are open when the wall clock shows it, to the second", () => {
  const time = fc.oneof(
    fc.constantFrom("00:00:00", "24:00:00", "23:59:00", "23:58:59", "23:59:59", "01:30:00", "9:05"),
    fc.integer({ min: 0, max: 86_399 }).map((s) =>
      [s / 3600, s / 60 % 60, s % 60].map((part) => `${Math.floor(part)}`.padStart(2, "0")).join(
        ":",
      )
    ),
  );
  const hours = fc.array(
    // No shop opens at 24:00, and the contract does not say what that would mean.
    fc.record({ day: fc.integer({ min: 0, max: 6 }), start: time, end: time })
      .filter(({ start }) => start !== "24:00:00"),
    { maxLength: 12 },
  );
  const start = fc.integer({ min: Date.UTC(2000, 0) / 1000, max: Date.UTC(2037, 0) / 1000 });
  fc.assert(
    fc.property(
      hours,
      fc.constantFrom(null, ...Intl.supportedValuesOf("timeZone")),
      start,
      fc.integer({ min: 0, max: 3600 }),
      (hours, zone, start, length) => {
        const [from, to] = [start * 1000, (start + length) * 1000];
        const found = businessIntervals({ hours, zone }, from, to);
        assert.deepEqual(found, openSteps({ hours, zone }, from, to, 1000));
      },
    ),
    { seed: 5, numRuns: 100 },
  );
});

Deno.test("hours are open on the same moments whichever way the rows are ordered", () => {
  const rows = Object.values(SCHEDULES).flatMap((hours) => hours ?? []);
  const [from, to] = [Date.UTC(2025, 9, 1), Date.UTC(2025, 11, 1)];
  fc.assert(
    fc.property(fc.shuffledSubarray(rows, { maxLength: 20 }), (hours) => {
      const inOrder = rows.filter((row) => hours.includes(row));
      const intervals = (hours: OpeningHours[]) =>
        businessIntervals({ hours, zone: "Asia/Beirut" }, from, to);
      assert.deepEqual(intervals(hours), intervals(inOrder));
    }),
    { seed: 6 },
  );
});

Deno.test("intervals ascend, never touch, and a window is the sum of its parts", () => {
  const [from, to] = [Date.UTC(2025, 1, 20), Date.UTC(2025, 3, 10)];
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(SCHEDULES)),
      fc.constantFrom(...ZONES),
      fc.integer({ min: from * 1000, max: to * 1000 }).map((us) => us / 1000),
      (hours, zone, middle) => {
        const whole = businessIntervals({ hours, zone }, from, to);
        whole.forEach((moment, i) => assert.ok(i === 0 || moment > (whole[i - 1] ?? NaN)));
        const parts = [[from, middle], [middle, to]] as const;
        const micros = parts.map(([a, b]) => openMicros(businessIntervals({ hours, zone }, a, b)));
        assert.equal((micros[0] ?? NaN) + (micros[1] ?? NaN), openMicros(whole));
      },
    ),
    { seed: 7, numRuns: 500 },
  );
});

function openMicros(intervals: Float64Array): number {
  return intervals.reduce((sum, ms, i) => sum + (i % 2 === 0 ? -1 : 1) * Math.round(ms * 1000), 0);
}

function openHours(hours: BusinessHours, from: number, to: number): number {
  return openMicros(businessIntervals(hours, from, to)) / 1000 / HOUR;
}

Deno.test("Sunday 00:00–01:30 is two hours when the US clocks go back, and 1.5 when they go forward", () => {
  const sunday = { hours: SCHEDULES["Sundays only"] ?? null, zone: null };
  assert.equal(openHours(sunday, Date.UTC(2025, 10, 1), Date.UTC(2025, 10, 4)), 2);
  assert.equal(openHours(sunday, Date.UTC(2025, 2, 8), Date.UTC(2025, 2, 11)), 1.5);
  assert.equal(openHours(sunday, Date.UTC(2025, 5, 7), Date.UTC(2025, 5, 10)), 1.5);
});

Deno.test("the hour that clocks skip is no business time, and an open day is as long as the day", () => {
  const zone = "America/Chicago";
  const sunday = [Date.UTC(2025, 2, 9, 6), Date.UTC(2025, 2, 10, 5)] as const;
  assert.equal(openHours({ hours: daily(["02:00", "03:00"]), zone }, ...sunday), 0);
  assert.equal(openHours({ hours: daily(["01:00", "04:00"]), zone }, ...sunday), 2);
  assert.equal(openHours({ hours: daily(["00:00", "24:00"]), zone }, ...sunday), 23);
});

Deno.test("a week of two rows a night that meet at midnight is one interval without a hole", () => {
  const hours = daily(["12:00:00", "23:59:59"], ["00:00:00", "12:00:00"]);
  const [from, to] = [Date.UTC(2025, 10, 1), Date.UTC(2025, 10, 8)];
  assert.deepEqual(
    businessIntervals({ hours, zone: "Asia/Kathmandu" }, from, to),
    Float64Array.of(from, to),
  );
});

Deno.test("a skipped day, a fraction of a second and a moment before 1970 are no exceptions", () => {
  // Samoa had no 30 December 2011, a Friday.
  const friday = [{ day: 4, start: "00:00", end: "00:00" }];
  const zone = "Pacific/Apia";
  assert.equal(openHours({ hours: friday, zone }, Date.UTC(2011, 11, 27), Date.UTC(2012, 0, 3)), 0);

  const blink = daily(["00:00:00", "00:00:00.000001"]);
  const day = [Date.UTC(2025, 5, 1), Date.UTC(2025, 5, 2)] as const;
  assert.deepEqual(
    businessIntervals({ hours: blink, zone: "UTC" }, ...day),
    Float64Array.of(day[0], day[0] + 0.001),
  );

  const hours = SCHEDULES["overlapping"] ?? null;
  const [from, to] = [Date.UTC(1969, 11, 20), Date.UTC(1970, 0, 10)];
  assert.deepEqual(
    businessIntervals({ hours, zone: "America/New_York" }, from, to),
    openSteps({ hours, zone: "America/New_York" }, from, to, MINUTE),
  );
});

Deno.test("a zone that a schedule may name has business hours, and what is no zone may not be named", () => {
  const odd = ["america/chicago", "US/Pacific", "EST5EDT", "Asia/Katmandu", "UTC", "+05:30", "-08"];
  const hours = SCHEDULES["a plain day"] ?? null;
  const [from, to] = [Date.UTC(2025, 5, 4), Date.UTC(2025, 5, 5)];
  for (const zone of [...Intl.supportedValuesOf("timeZone"), ...odd]) {
    assert.ok(isTimeZone(zone), zone);
    assert.equal(openHours({ hours, zone }, from, to), 8, zone);
  }
  for (const zone of ["IST", "CST", "Mars/Olympus", "", "2025-06-01T00:00+05:30"]) {
    assert.ok(!isTimeZone(zone), zone);
  }
});

Deno.test("an empty window has no business time, and what is no time of day is refused by name", () => {
  assert.deepEqual(businessIntervals({ hours: null, zone: null }, 5, 5), new Float64Array(0));
  assert.throws(
    () => businessIntervals({ hours: daily(["9 am", "17:00"]), zone: null }, 0, DAY),
    /expected HH:MM:SS, got "9 am"/i,
  );
});
