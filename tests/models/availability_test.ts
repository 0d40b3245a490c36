/** Uptime arithmetic against the slow and obvious way: asking every moment by itself. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  availabilityOf,
  type AvailabilityOptions,
  type Observation,
  usualGapMs,
} from "../../models/availability.ts";

const isUp = (status: string) => status === "online";
const window = { from: 0, to: 100_000, now: 100_000, stalenessMs: Infinity, holdsBackwards: false };

/** What is known of one moment, found by looking at every observation. */
function conditionAt(
  moment: number,
  observations: readonly Observation[],
  { stalenessMs, holdsBackwards }: Omit<AvailabilityOptions, "isUp">,
): "up" | "down" | "unknown" {
  const before = observations.filter(({ at }) => at <= moment).at(-1);
  const after = observations.find(({ at }) => at > moment);
  const believed = (before !== undefined && moment < before.at + stalenessMs) ||
    (holdsBackwards && after !== undefined && moment >= after.at - stalenessMs);
  const holding = before ?? (holdsBackwards ? after : undefined);
  if (!believed || holding === undefined) return "unknown";
  return isUp(holding.status) ? "up" : "down";
}

const observationsArbitrary = fc.uniqueArray(
  fc.record({
    at: fc.integer({ min: -20, max: 130 }).map((seconds) => seconds * 1000),
    status: fc.constantFrom("online", "offline", "error"),
  }),
  { selector: ({ at }) => at, maxLength: 30 },
).map((observations) => observations.sort((a, b) => a.at - b.at));

Deno.test("availability is what asking every second gives", () => {
  fc.assert(
    fc.property(
      observationsArbitrary,
      fc.record({
        from: fc.integer({ min: 0, max: 60 }).map((s) => s * 1000),
        to: fc.integer({ min: 60, max: 120 }).map((s) => s * 1000),
        now: fc.integer({ min: 0, max: 130 }).map((s) => s * 1000),
        stalenessMs: fc.oneof(
          fc.constant(Infinity),
          fc.integer({ min: 1, max: 40 }).map((s) => s * 1000),
        ),
        holdsBackwards: fc.boolean(),
      }),
      (observations, options) => {
        const result = availabilityOf(observations, { ...options, isUp });
        const seconds = { up: 0, down: 0, unknown: 0 };
        for (let at = options.from; at < Math.min(options.to, options.now); at += 1000) {
          seconds[conditionAt(at, observations, options)]++;
        }
        assert.deepEqual(
          { up: result.uptimeMs, down: result.downtimeMs, unknown: result.unknownMs },
          { up: seconds.up * 1000, down: seconds.down * 1000, unknown: seconds.unknown * 1000 },
        );
      },
    ),
    { seed: 2, numRuns: 500 },
  );
});

Deno.test("up, down and unknown add up to the window, to the microsecond", () => {
  const moment = fc.integer({ min: 0, max: 200_000_000_000 }).map((us) => us / 1000);
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.record({ at: moment, status: fc.constantFrom("online", "error") }),
        { selector: ({ at }) => at },
      ),
      moment,
      moment,
      fc.oneof(fc.constant(Infinity), moment),
      (observations, a, b, stalenessMs) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        observations.sort((x, y) => x.at - y.at);
        const options = { from, to, now: to, stalenessMs, holdsBackwards: false, isUp };
        const result = availabilityOf(observations, options);
        const micros = (ms: number) => Math.round(ms * 1000);
        const sum = micros(result.uptimeMs) + micros(result.downtimeMs) + micros(result.unknownMs);
        assert.equal(sum, micros(to) - micros(from));
        let end = from;
        for (const interval of result.intervals) {
          assert.equal(interval.from, end);
          end = interval.to;
        }
        if (to > from) assert.equal(end, to);
      },
    ),
    { seed: 3, numRuns: 500 },
  );
});

Deno.test("without observations everything is unknown and availability is null", () => {
  const result = availabilityOf([], { ...window, isUp });
  assert.equal(result.unknownMs, 100_000);
  assert.equal(result.availability, null);
});

Deno.test("a window that begins in the future is empty", () => {
  const result = availabilityOf([], { ...window, from: 50_000, now: 10_000, isUp });
  assert.deepEqual(result.intervals, []);
  assert.equal(result.unknownMs, 0);
});

Deno.test("the first poll holds backwards where the contract says so, and the last one forward", () => {
  const observations = [{ at: 40_000, status: "online" }, { at: 70_000, status: "offline" }];
  const result = availabilityOf(observations, { ...window, holdsBackwards: true, isUp });
  assert.equal(result.uptimeMs, 70_000);
  assert.equal(result.downtimeMs, 30_000);
});

Deno.test("statuses that are equally bad are told apart, in the intervals and in the sums", () => {
  const observations = [
    { at: 0, status: "error" },
    { at: 30_000, status: "offline" },
    { at: 60_000, status: "offline" },
    { at: 90_000, status: "online" },
  ];
  const result = availabilityOf(observations, { ...window, isUp });
  assert.deepEqual(result.byStatus, { error: 30_000, offline: 60_000, online: 10_000 });
  assert.deepEqual(result.intervals.map(({ from, condition }) => [from, condition]), [
    [0, "down"],
    [30_000, "down"],
    [90_000, "up"],
  ]);
});

Deno.test("the usual gap is the median, and unknown for a single observation", () => {
  const at = (seconds: number) => ({ at: seconds * 1000, status: "online" });
  assert.equal(usualGapMs([at(0), at(30), at(60), at(600)]), 30_000);
  assert.equal(usualGapMs([at(0)]), undefined);
});
