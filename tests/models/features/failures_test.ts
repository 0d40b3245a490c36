import assert from "node:assert/strict";
import { type Condition, type Failure, failuresOf, labelAt } from "../../../models/features/mod.ts";
import { episodeAt } from "../../../models/features/failures.ts";

const HOUR_MS = 3_600_000;

/** Conditions at hours from the start. */
function story(...told: readonly (readonly [hour: number, status: string, code?: string])[]) {
  return told.map(([hour, status, code]): Condition => ({ at: hour * HOUR_MS, status, code }));
}

function failureAt(hour: number): Failure {
  return {
    at: hour * HOUR_MS,
    code: "E002",
    serviceAt: (hour + 3) * HOUR_MS,
    until: (hour + 4) * HOUR_MS,
  };
}

Deno.test("an outage with a critical code that ends in maintenance is a failure", () => {
  const found = failuresOf(story(
    [0, "online"],
    [1, "error", "E002"],
    [2, "error", "E002"],
    [4, "maintenance"],
    [5, "maintenance"],
    [6, "online"],
  ));
  const at = (hour: number) => hour * HOUR_MS;
  assert.deepEqual(found, [{ at: at(1), code: "E002", serviceAt: at(4), until: at(6) }]);
});

Deno.test("what recovers by itself is no failure, critical or not", () => {
  assert.deepEqual(
    failuresOf(story([1, "error", "E007"], [2, "online"], [4, "maintenance"], [5, "online"])),
    [],
  );
});

Deno.test("an outage without a critical code is no failure", () => {
  assert.deepEqual(failuresOf(story([1, "error", "E001"], [4, "maintenance"], [5, "online"])), []);
});

Deno.test("a critical code of an ATM that is online begins nothing", () => {
  assert.deepEqual(failuresOf(story([1, "online", "E007"], [4, "maintenance"])), []);
});

Deno.test("maintenance sooner than two or later than four hours is of another outage", () => {
  for (const served of [2.9, 5.1]) {
    assert.deepEqual(failuresOf(story([1, "error", "E002"], [served, "maintenance"])), []);
  }
  for (const served of [3, 5]) {
    assert.equal(failuresOf(story([1, "error", "E002"], [served, "maintenance"])).length, 1);
  }
});

Deno.test("an outage becomes a failure at its first critical code", () => {
  const [failure] = failuresOf(story(
    [1, "offline", "E003"],
    [2, "offline", "E010"],
    [3, "error", "E007"],
    [5, "maintenance"],
  ));
  assert.deepEqual(failure, {
    at: 2 * HOUR_MS,
    code: "E010",
    serviceAt: 5 * HOUR_MS,
    until: Infinity,
  });
});

Deno.test("a label is yes from four hours before a failure, and no longer at its beginning", () => {
  const failures = [failureAt(50)];
  for (const [hour, expected] of [[45.9, false], [46, true], [49.9, true], [50, false]] as const) {
    assert.equal(labelAt(hour * HOUR_MS, failures, 100 * HOUR_MS), expected, `at ${hour}`);
  }
});

Deno.test("what was not watched for eight hours more has no label, whatever is known of it", () => {
  const failures = [failureAt(50)];
  assert.equal(labelAt(48 * HOUR_MS, failures, 55 * HOUR_MS), undefined);
  assert.equal(labelAt(48 * HOUR_MS, failures, 56 * HOUR_MS), true);
  assert.equal(labelAt(20 * HOUR_MS, failures, 27 * HOUR_MS), undefined);
});

Deno.test("a row belongs to the failure ahead of it, or to the one in its history", () => {
  const failures = [failureAt(100), failureAt(200)];
  const expected = [[71.9, -1], [72, 0], [100, 0], [127, 0], [129, -1], [172, 1], [400, -1]];
  for (const [hour = 0, episode] of expected) {
    assert.equal(episodeAt(hour * HOUR_MS, failures), episode, `at ${hour}`);
  }
});
