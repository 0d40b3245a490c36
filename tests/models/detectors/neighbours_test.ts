import assert from "node:assert/strict";
import { Neighbours } from "../../../models/detectors/neighbours.ts";
import { AtWork, daily, noise } from "./series.ts";

/** The mean distance to the ten nearest of the last 2,000 stretches, from the definition. */
function distanceByDefinition(values: readonly number[], length: number): number {
  const end = values.length;
  const distances: number[] = [];
  for (let lag = length; lag <= 2000 && end - length - lag >= 0; lag++) {
    let sum = 0;
    for (let i = end - length; i < end; i++) {
      sum += Math.abs((values[i] as number) - (values[i - lag] as number));
    }
    distances.push(sum / length);
  }
  if (distances.length < 10) return NaN;
  return distances.sort((a, b) => a - b).slice(0, 10).reduce((a, b) => a + b) / 10;
}

function neighboursOf(lengths: readonly number[]): AtWork<Neighbours> {
  return new AtWork((layout) => new Neighbours(layout, lengths));
}

function distancesOf(neighbours: AtWork<Neighbours>, lengths: number, value: number): number[] {
  const distances = new Float64Array(lengths);
  neighbours.tell((neighbours) => neighbours.update(value, distances));
  return [...distances];
}

Deno.test("neighbours are as near as the definition says, from the first reading to far beyond the past that is kept", () => {
  const values = daily(2700);
  const neighbours = neighboursOf([7, 30]);
  for (let row = 0; row < values.length; row++) {
    const distances = distancesOf(neighbours, 2, values[row] as number);
    if (row > 150 && row % 97 !== 0) continue;
    for (const [i, length] of [7, 30].entries()) {
      const expected = distanceByDefinition(values.slice(0, row + 1), length);
      const actual = distances[i] as number;
      if (Number.isNaN(expected)) assert.ok(Number.isNaN(actual), `row ${row}`);
      else assert.ok(Math.abs(actual - expected) < 1e-3, `row ${row}: ${actual}, not ${expected}`);
    }
  }
});

Deno.test("neighbours that were saved at any moment go on bit for bit", () => {
  const values = [...daily(2300), ...noise(300, { level: 5000, deviation: 0.01 })];
  const neighbours = neighboursOf([7, 30]);
  const restored = neighboursOf([7, 30]);
  for (const [row, value] of values.entries()) {
    if (row < 300 ? row % 7 === 0 : row % 211 === 0) {
      restored.saveAndRestore();
    }
    const [one, other] = [neighbours, restored].map((neighbours) =>
      neighbours.tell((neighbours) => {
        const forecast = neighbours.forecast(1);
        const distances = new Float64Array(2);
        neighbours.update(value, distances);
        return { forecast, distances };
      })
    );
    assert.deepEqual(other, one, `row ${row}`);
  }
  assert.equal(JSON.stringify(restored), JSON.stringify(neighbours));
});

Deno.test("neighbours foretell what a rhythm brings next", () => {
  const values = daily(1500, { deviation: 0.01 });
  const neighbours = neighboursOf([30]);
  for (const value of values.slice(0, -1)) distancesOf(neighbours, 1, value);
  const forecast = neighbours.tell((neighbours) => neighbours.forecast(0));
  const next = values.at(-1) as number;
  assert.ok(forecast && Math.abs(forecast.expected - next) < 0.3);
  assert.ok(forecast.lower <= forecast.expected && forecast.expected <= forecast.upper);
});

Deno.test("what repeats exactly has no distance, also far from zero and after an enormous value", () => {
  const neighbours = neighboursOf([12]);
  let distance = NaN;
  for (let row = 0; row < 4000; row++) {
    const value = row === 1000 ? 1e150 : 1e9 + Math.sin(row % 50);
    [distance = NaN] = distancesOf(neighbours, 1, value);
    const isSettled = row > 1000 + 12 + 128 || (row < 1000 && row > 600);
    if (isSettled) assert.equal(distance, 0, `row ${row}`);
  }
});
