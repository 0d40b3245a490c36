/** Rows of devices that fail now and then, with one column that rises before and one of noise. */
import { type FailureRows, FEATURE_NAMES } from "../../../models/features/mod.ts";
import { seeded } from "../../../models/random.ts";

const HOUR_MS = 3_600_000;
const FAILS_EACH_HOURS = 90;
/** Half as many failures as rises: who sees one cannot be sure. */
export function wearingRows(devices: number, hours: number, seed: number): FailureRows {
  const uniform = seeded(seed);
  const count = devices * hours;
  const rows: FailureRows = {
    names: ["wear", "noise"],
    matrix: new Float32Array(2 * count),
    labels: new Uint8Array(count),
    times: new Float64Array(count),
    devices: new Int32Array(count),
    episodes: new Int32Array(count).fill(-1),
  };
  for (let device = 0; device < devices; device++) {
    for (let hour = 0; hour < hours; hour++) {
      const row = device * hours + hour;
      const cycle = Math.floor((hour + 17 * device) / FAILS_EACH_HOURS);
      const left = FAILS_EACH_HOURS - (hour + 17 * device) % FAILS_EACH_HOURS;
      const fails = (cycle + device) % 2 === 0 && hour + left < hours;
      rows.matrix[2 * row] = (left <= 4 ? 2 : 0) + uniform();
      rows.matrix[2 * row + 1] = uniform();
      rows.labels[row] = Number(fails && left <= 4);
      rows.times[row] = hour * HOUR_MS;
      rows.devices[row] = device;
      if (fails && left <= 28) rows.episodes[row] = 1000 * device + cycle;
    }
  }
  return rows;
}

/** Where the two columns stand among the code's features. */
export const WEAR_PLACE = 8;
export const NOISE_PLACE = 3;

/** Rows that wear, with all of the code's columns; of the others nothing is known. */
export function toldRows(rows: FailureRows): FailureRows {
  const columns = FEATURE_NAMES.length;
  const matrix = new Float32Array(rows.labels.length * columns).fill(NaN);
  rows.labels.forEach((_, row) => {
    matrix[row * columns + WEAR_PLACE] = rows.matrix[2 * row] as number;
    matrix[row * columns + NOISE_PLACE] = rows.matrix[2 * row + 1] as number;
  });
  return { ...rows, names: FEATURE_NAMES, matrix };
}
