/** Uptime within business hours: the store contract's rules, asked of every moment by itself. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { StorePoll } from "../../events/store.ts";
import { parseInstant } from "../../events/instant.ts";
import { availabilityOf, type Uptime, uptimesOf, type Window } from "../../models/availability.ts";
import { type BusinessHours, businessIntervals } from "../../models/business_hours.ts";
import { readData, skipped } from "../support/data.ts";
import { DAY, HOUR, isOpen, MINUTE, type Poll, uptimeBySteps } from "./wall_clock.ts";

const NOW = Date.UTC(2023, 0, 25, 18, 13);
const HOURS_FILE = "stores/v2023_business_hours.csv.gz";
const ZONES_FILE = "stores/v2023_store_timezones.csv.gz";
const POLLS_FILE = "stores/polls_real_9999.csv";

function columns(polls: readonly Poll[]): { at: Float64Array; up: Uint8Array } {
  return {
    at: Float64Array.from(polls, ([at]) => at),
    up: Uint8Array.from(polls, ([, status]) => status === "active" ? 1 : 0),
  };
}

interface Asked extends Window {
  readonly now: number;
  readonly stalenessMs?: number;
  readonly business?: Float64Array;
}

/** The sums, for which both engines are asked: they must not differ in the last bit. */
function uptimeOf(polls: readonly Poll[], asked: Asked): Uptime {
  const rules = { holdsBackwards: true, stalenessMs: Infinity, ...asked };
  const [lean] = uptimesOf(columns(polls), [asked], rules);
  const observations = polls.map(([at, status]) => ({ at, status }));
  const isUp = (status: string) => status === "active";
  const { uptimeMs, downtimeMs, unknownMs } = availabilityOf(observations, { ...rules, isUp });
  assert.deepEqual(lean, { uptimeMs, downtimeMs, unknownMs });
  return { uptimeMs, downtimeMs, unknownMs };
}

function pollsWithin(from: number, to: number, maxLength: number): fc.Arbitrary<Poll[]> {
  return fc.array(
    fc.tuple(fc.integer({ min: from, max: to }), fc.constantFrom("active", "inactive")),
    { maxLength },
  );
}

/** Minutes, so that a step of a minute never straddles a change; unordered, with duplicates. */
const weekOfPolls = pollsWithin(-9 * 24 * 60, 60, 70).map((polls) =>
  polls.map(([minutes, status]): Poll => [NOW + minutes * MINUTE, status])
);

async function realHours(): Promise<Map<string, BusinessHours> | undefined> {
  const [hours, zones] = await Promise.all([readData(HOURS_FILE), readData(ZONES_FILE)]);
  if (hours === undefined || zones === undefined) return undefined;
  const rows = Map.groupBy(hours, (row) => row.store_id ?? "");
  const zoneOf = new Map(zones.map((row) => [row.store_id ?? "", row.timezone_str ?? null]));
  return new Map([...new Set([...rows.keys(), ...zoneOf.keys()])].map((id) => [id, {
    hours: rows.get(id)?.map((row) => ({
      day: Number(row.day),
      start: row.start_time_local ?? "",
      end: row.end_time_local ?? "",
    })) ?? null,
    zone: zoneOf.get(id) ?? null,
  }]));
}

Deno.test("uptime of real stores is what asking every minute gives, in the hour, day and week", async () => {
  const stores = await realHours();
  if (stores === undefined) return skipped(HOURS_FILE);
  fc.assert(
    fc.property(
      fc.constantFrom(...stores.values()),
      weekOfPolls,
      fc.constantFrom(HOUR, DAY, DAY, 7 * DAY),
      fc.constantFrom(Infinity, Infinity, 30 * MINUTE, 5 * HOUR),
      (store, polls, length, stalenessMs) => {
        const window = { from: NOW - length, to: NOW };
        const business = businessIntervals(store, window.from, window.to);
        assert.deepEqual(
          uptimeOf(polls, { ...window, now: NOW, stalenessMs, business }),
          uptimeBySteps(polls, (moment) => isOpen(store, moment), {
            ...window,
            stepMs: MINUTE,
            stalenessMs,
          }),
        );
      },
    ),
    { seed: 8, numRuns: 200 },
  );
});

Deno.test("uptime is right to the microsecond, for polls on every boundary there is", () => {
  const span = fc.integer({ min: -20, max: 220 });
  fc.assert(
    fc.property(
      pollsWithin(-50, 250, 20),
      fc.uniqueArray(span, { minLength: 0, maxLength: 12 }),
      fc.record({ from: fc.integer({ min: 0, max: 90 }), to: fc.integer({ min: 90, max: 200 }) }),
      fc.integer({ min: 0, max: 220 }),
      fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 60 })),
      (polls, edges, window, now, staleness) => {
        edges.sort((a, b) => a - b);
        const flat = edges.slice(0, edges.length & ~1);
        const open = (us: number) => flat.filter((edge) => edge <= us).length % 2 === 1;
        const ms = (us: number) => NOW + us / 1000;
        const found = uptimeOf(polls.map(([us, status]): Poll => [ms(us), status]), {
          from: ms(window.from),
          to: ms(window.to),
          now: ms(now),
          stalenessMs: staleness / 1000,
          business: Float64Array.from(flat, ms),
        });
        // The slow way counts in whole microseconds, as if each were a millisecond.
        const { from, to } = { from: window.from, to: Math.min(window.to, now) };
        const asked = { from, to, stepMs: 1, stalenessMs: staleness };
        const { uptimeMs, downtimeMs, unknownMs } = uptimeBySteps(polls, open, asked);
        assert.deepEqual(found, {
          uptimeMs: uptimeMs / 1000,
          downtimeMs: downtimeMs / 1000,
          unknownMs: unknownMs / 1000,
        });
      },
    ),
    { seed: 9, numRuns: 1000 },
  );
});

function micros({ uptimeMs, downtimeMs, unknownMs }: Uptime): {
  up: number;
  down: number;
  unknown: number;
} {
  const [up, down, unknown] = [uptimeMs, downtimeMs, unknownMs].map((ms) => Math.round(ms * 1000));
  return { up: up ?? NaN, down: down ?? NaN, unknown: unknown ?? NaN };
}

function businessMicros(business: Float64Array): number {
  return business.reduce((sum, ms, i) => sum + (i % 2 === 0 ? -1 : 1) * Math.round(ms * 1000), 0);
}

const OVERNIGHT: BusinessHours = {
  hours: [4, 5, 6, 0].map((day) => ({ day, start: "17:30:00", end: "03:00:30" })),
  zone: "Australia/Lord_Howe",
};
const precisePolls = pollsWithin(-1e12, 1e10, 200).map((polls) =>
  polls.map(([us, status]): Poll => [NOW + us / 1000, status])
);

Deno.test("up, down and unknown add up to the business time, whatever was polled", () => {
  fc.assert(
    fc.property(
      precisePolls,
      fc.integer({ min: 0, max: 1e12 }).map((us) => NOW - us / 1000),
      fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 10_000_000 })),
      (polls, from, stalenessMs) => {
        const business = businessIntervals(OVERNIGHT, from, NOW);
        const asked = { from, to: NOW, now: NOW, business };
        const sums = micros(uptimeOf(polls, { ...asked, stalenessMs }));
        assert.equal(sums.up + sums.down + sums.unknown, businessMicros(business));
        if (polls.length > 0) assert.equal(micros(uptimeOf(polls, asked)).unknown, 0);
      },
    ),
    { seed: 10, numRuns: 500 },
  );
});

Deno.test("as now moves on, uptime and downtime never shrink", () => {
  const moment = fc.integer({ min: 0, max: 8e11 }).map((us) => NOW - us / 1000);
  fc.assert(
    fc.property(precisePolls, moment, moment, moment, (polls, from, a, b) => {
      const business = businessIntervals(OVERNIGHT, from, NOW);
      const [earlier, later] = [Math.min(a, b), Math.max(a, b)]
        .map((now) => micros(uptimeOf(polls, { from, to: NOW, now, business })));
      assert.ok((earlier?.up ?? NaN) <= (later?.up ?? NaN));
      assert.ok((earlier?.down ?? NaN) <= (later?.down ?? NaN));
    }),
    { seed: 11, numRuns: 500 },
  );
});

Deno.test("neither the order of polls nor repeats change anything", () => {
  const [from, to] = [NOW - 7 * DAY, NOW];
  const asked = { from, to, now: NOW, business: businessIntervals(OVERNIGHT, from, to) };
  const shuffled = weekOfPolls.chain((polls) =>
    fc.tuple(
      fc.constant(polls),
      fc.shuffledSubarray(polls, { minLength: polls.length }),
      fc.subarray(polls),
    )
  );
  fc.assert(
    fc.property(shuffled, ([polls, others, repeats]) => {
      assert.deepEqual(uptimeOf([...others, ...repeats], asked), uptimeOf(polls, asked));
    }),
    { seed: 12, numRuns: 500 },
  );
});

Deno.test("of two polls at one instant the inactive one wins, whichever came first", () => {
  const window = { from: NOW - HOUR, to: NOW, now: NOW };
  const active: Poll = [NOW - 20 * MINUTE, "active"];
  const inactive: Poll = [NOW - 20 * MINUTE, "inactive"];
  const last: Poll = [NOW, "active"];
  const down = { uptimeMs: 0, downtimeMs: HOUR, unknownMs: 0 };
  assert.deepEqual(uptimeOf([inactive, active, last], window), down);
  assert.deepEqual(uptimeOf([active, inactive, last], window), down);
});

Deno.test("a poll that arrives late counts as if it had come in time", () => {
  const window = { from: NOW - HOUR, to: NOW, now: NOW };
  const onTime: Poll[] = [[NOW - 50 * MINUTE, "active"], [NOW - 10 * MINUTE, "active"]];
  const late: Poll = [NOW - 30 * MINUTE, "inactive"];
  assert.equal(uptimeOf(onTime, window).uptimeMs, HOUR);
  assert.equal(uptimeOf([...onTime, late], window).downtimeMs, 20 * MINUTE);
});

Deno.test("one poll says all there is to say, also from outside the window and the business hours", () => {
  // Wednesday 18:13 UTC is 12:13 in Chicago.
  const store = { hours: [{ day: 2, start: "09:00", end: "12:00" }], zone: null };
  const window = { from: NOW - DAY, to: NOW };
  const asked = { ...window, now: NOW, business: businessIntervals(store, window.from, window.to) };
  for (const at of [NOW - 90 * DAY, NOW - 20 * HOUR, NOW - 2 * HOUR, NOW, NOW + DAY]) {
    const down = { uptimeMs: 0, downtimeMs: 3 * HOUR, unknownMs: 0 };
    assert.deepEqual(uptimeOf([[at, "inactive"]], asked), down);
  }
});

Deno.test("a window without business time is 0 / 0, and a store without polls all unknown", () => {
  const store = { hours: [{ day: 6, start: "09:00", end: "12:00" }], zone: "Asia/Kathmandu" };
  const [from, to] = [NOW - HOUR, NOW];
  const closed = { from, to, now: NOW, business: businessIntervals(store, from, to) };
  const nothing = { uptimeMs: 0, downtimeMs: 0, unknownMs: 0 };
  assert.deepEqual(uptimeOf([[NOW, "active"]], closed), nothing);
  assert.deepEqual(uptimeOf([], { from, to, now: NOW }), { ...nothing, unknownMs: HOUR });
});

Deno.test("between two polls farther apart than staleness reaches, the middle is unknown", () => {
  const polls: Poll[] = [[NOW - 5 * HOUR, "active"], [NOW - HOUR, "inactive"]];
  const window = { from: NOW - 8 * HOUR, to: NOW + 8 * HOUR, now: NOW + 4 * HOUR };
  assert.deepEqual(uptimeOf(polls, { ...window, stalenessMs: 90 * MINUTE }), {
    uptimeMs: (1.5 + 1.5 + 1.5) * HOUR, // Before the first poll, after it, and before the second.
    downtimeMs: 1.5 * HOUR,
    unknownMs: (1.5 + 1 + 3.5) * HOUR,
  });
});

Deno.test("evidence has no gaps: closed time is shown as closed, and neighbours differ", () => {
  fc.assert(
    fc.property(
      precisePolls,
      fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 50_000_000 })),
      (polls, stalenessMs) => {
        const [from, to] = [NOW - 7 * DAY, NOW];
        const { intervals } = availabilityOf(polls.map(([at, status]) => ({ at, status })), {
          from,
          to,
          now: NOW,
          stalenessMs,
          holdsBackwards: true,
          business: businessIntervals(OVERNIGHT, from, to),
          isUp: (status) => status === "active",
        });
        assert.equal(intervals[0]?.from, from);
        assert.equal(intervals.at(-1)?.to, to);
        for (const [i, { from, to, condition, status }] of intervals.entries()) {
          const before = intervals[i - 1];
          assert.ok(before === undefined || (before.to === from && before.condition !== condition));
          const said = { up: "active", down: "inactive", unknown: null, closed: null }[condition];
          assert.equal(status, said);
          assert.equal(condition !== "closed", isOpen(OVERNIGHT, (from + to) / 2));
        }
      },
    ),
    { seed: 13, numRuns: 300 },
  );
});

Deno.test("for every store that was really polled, uptime and downtime are its business time", async () => {
  const [polls, stores] = await Promise.all([readData(POLLS_FILE), realHours()]);
  if (polls === undefined || stores === undefined) return skipped(POLLS_FILE);
  const byStore = Map.groupBy(polls, (row) => row.store_id ?? "");
  for (const [id, rows] of byStore) {
    const own = rows.map((row): Poll => {
      const at = parseInstant(row.timestamp_utc ?? "");
      assert.ok(at !== undefined, `poll of ${id} at ${row.timestamp_utc}`);
      return [at, StorePoll.parse(row).status];
    });
    for (const length of [HOUR, DAY, 7 * DAY]) {
      const [from, to] = [NOW - length, NOW];
      const business = businessIntervals(stores.get(id) ?? { hours: null, zone: null }, from, to);
      const sums = micros(uptimeOf(own, { from, to, now: NOW, business }));
      assert.equal(sums.up + sums.down, businessMicros(business));
    }
  }
  assert.ok(byStore.size > 100);
});
