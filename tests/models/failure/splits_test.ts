import assert from "node:assert/strict";
import { laterTimesAmong } from "../../../models/failure/splits.ts";

const HOUR_MS = 3_600_000;

Deno.test("the last quarter of some rows is judged by what came before, without its failures", () => {
  const hours = Array.from({ length: 40 }, (_, hour) => hour);
  const rows = {
    names: [],
    matrix: new Float32Array(),
    labels: new Uint8Array(80),
    times: Float64Array.from([...hours, ...hours], (hour) => hour * HOUR_MS),
    devices: Int32Array.from([...hours.map(() => 0), ...hours.map(() => 1)]),
    // One failure that rows on both sides of the cut tell of.
    episodes: Int32Array.from([...hours, ...hours], (_, row) => row === 20 || row === 35 ? 0 : -1),
  };
  const { learn, judge } = laterTimesAmong(rows, (row) => rows.devices[row] === 0);
  assert.deepEqual([...judge], hours.slice(30));
  const before = hours.slice(0, 26);
  const expected = [...before.filter((row) => row !== 20), ...before.map((hour) => 40 + hour)];
  assert.deepEqual([...learn], expected);
  assert.equal(laterTimesAmong(rows, () => false).judge.length, 0);
});
