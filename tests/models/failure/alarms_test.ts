import assert from "node:assert/strict";
import {
  alarmsCatching,
  alarmsOf,
  alarmsWithin,
  bestThreshold,
} from "../../../models/failure/alarms.ts";

const HOUR_MS = 3_600_000;

/** One device after the other, an hour from row to row. */
function rowsOf(...devices: readonly (readonly number[])[]) {
  return {
    labels: Uint8Array.from(devices.flat()),
    times: Float64Array.from(devices.flatMap((own) => own.map((_, hour) => hour * HOUR_MS))),
    devices: Int32Array.from(devices.flatMap((own, device) => own.map(() => device))),
  };
}

Deno.test("alarms are counted by episode, failures by whether an alarm came in their last four hours", () => {
  const rows = rowsOf(
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
    [1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  const claims = [
    [0, 0, 0, 0, 0.9, 0, 0, 0.9, 0, 0], // Three hours apart: one alarm, five hours before the end.
    [0.9, 0, 0, 0, 0, 0.9, 0, 0, 0, 0], // Five hours apart: two alarms, both false.
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5],
  ].flat();
  const { caught, failures, episodes, falseEpisodes, leadHours, deviceWeeks } = alarmsOf(
    claims,
    rows,
    0.9,
  );
  assert.deepEqual({ caught, failures, episodes, falseEpisodes, leadHours }, {
    caught: 1,
    failures: 3,
    episodes: 3,
    falseEpisodes: 2,
    leadHours: 5,
  });
  assert.equal(deviceWeeks, 30 / 168);
  assert.equal(alarmsOf(claims, rows, 0.5).falseEpisodes, 3);
});

Deno.test("an alarm at the end of one device is none at the beginning of the next", () => {
  const rows = rowsOf([0, 0], [0, 0]);
  assert.equal(alarmsOf([0, 1, 1, 0], rows, 1).episodes, 2);
});

Deno.test("an alarm that never ends is raised anew each day: it cannot be right for ever", () => {
  const rows = rowsOf([...Array(95).fill(0), 1]);
  const { episodes, falseEpisodes, caught } = alarmsOf(Array(96).fill(1), rows, 1);
  assert.deepEqual({ episodes, falseEpisodes, caught }, {
    episodes: 4,
    falseEpisodes: 3,
    caught: 1,
  });
});

Deno.test("the threshold of as many false alarms as are allowed is found", () => {
  const device = [...Array(59).fill(0), 1];
  const rows = rowsOf(device, device);
  const claims = Array(120).fill(0);
  for (const [row, claim] of [[0, 0.9], [59, 0.8], [119, 0.6], [5, 0.5], [65, 0.4]] as const) {
    claims[row] = claim;
  }
  const found = [0, 1, 2, 3].map((most) => {
    const { caught, falseEpisodes } = alarmsWithin(claims, rows, most);
    assert.ok(falseEpisodes <= most);
    return caught;
  });
  assert.deepEqual(found, [0, 2, 2, 2]);
});

Deno.test("the highest threshold that catches as many failures as are wanted is found", () => {
  const device = [...Array(59).fill(0), 1];
  const rows = rowsOf(device, device);
  const claims = Array(120).fill(0);
  for (const [row, claim] of [[0, 0.9], [59, 0.8], [119, 0.6], [5, 0.5], [65, 0.4]] as const) {
    claims[row] = claim;
  }
  const thresholds = [1, 2].map((least) => alarmsCatching(claims, rows, least).threshold);
  assert.deepEqual(thresholds, [0.8, 0.6]);
  assert.equal(alarmsCatching(claims, rows, 3).caught, 2);
  assert.equal(alarmsCatching([], rowsOf(), 1).caught, 0);
});

Deno.test("the best threshold is that of the highest F1, equal claims together", () => {
  assert.equal(bestThreshold([0.9, 0.8, 0.8, 0.1], [1, 1, 0, 0]), 0.8);
  assert.equal(bestThreshold([0.9, 0.8, 0.7, 0.1], [1, 1, 0, 0]), 0.8);
  assert.equal(bestThreshold([0.9, 0.2, 0.2, 0.2], [1, 1, 1, 0]), 0.2);
  assert.equal(bestThreshold([0.9, 0.8], [0, 0]), Infinity);
});
