import assert from "node:assert/strict";
import { readSimulation } from "../../commands/simulate_options.ts";
import { UsageError } from "../../commands/usage.ts";
import type { SimulatedMessage } from "../../simulator/fleet.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR_MS = 3_600_000;

function at(moment: number): SimulatedMessage {
  return { at: moment, subject: "", payload: new Uint8Array(), messageId: "" };
}

Deno.test("without options the fleet lives now, without end", () => {
  const { options, until, count, ends, pace } = readSimulation([], NOW);
  assert.equal(options.startAt, NOW);
  assert.deepEqual(options.devices, { atm: 20, machine: 10, store: 10, sensor: 15 });
  assert.equal(options.mischief, false);
  assert.deepEqual([until, count, ends], [Infinity, Infinity, false]);
  assert.equal(pace(at(NOW + 5000), 3), NOW + 5000);
});

Deno.test("a fleet from the past is sent at once until it has caught up", () => {
  const { until, pace, ends } = readSimulation(["--from", "2026-05-31", "--duration", "6h"], NOW);
  assert.equal(until, Date.UTC(2026, 4, 31, 6));
  assert.ok(pace(at(until - 1), 0) < NOW);
  assert.equal(ends, true);
});

Deno.test("a faster fleet begins in the past and never overtakes the present", () => {
  const { options, pace } = readSimulation(["--speed", "60", "--duration", "2h"], NOW);
  assert.equal(options.startAt, NOW - 2 * HOUR_MS);
  assert.equal(pace(at(options.startAt + HOUR_MS), 0), NOW + HOUR_MS / 60);
  assert.equal(pace(at(NOW + HOUR_MS), 0), NOW + HOUR_MS);
});

Deno.test("a rate spaces the messages evenly", () => {
  const { pace } = readSimulation(["--rate", "200"], NOW);
  assert.equal(pace(at(NOW - HOUR_MS), 400), NOW + 2000);
});

for (
  const [args, named] of [
    [["--seed", "-1"], "--seed"],
    [["--atms", "1.5"], "--atms"],
    [["--count", "many"], "--count"],
    [["--speed", "0"], "--speed"],
    [["--speed", "2", "--rate", "5"], "--speed and --rate"],
    [["--from", "yesterday"], "--from"],
    [["--duration", "90"], "--duration"],
    [["--malformed", "yes"], "--malformed"],
    [["--colour", "red"], "--colour"],
    [["fleet"], "fleet"],
  ] as const
) {
  Deno.test(`${args.join(" ")} is wrong usage that names ${named}`, () => {
    assert.throws(
      () => readSimulation(args, NOW),
      (error) => error instanceof UsageError && error.message.includes(named),
    );
  });
}
