/** Simulated ATMs as rows to learn from and to be judged by, with the truth behind each. */
import { AtmRows, type FailureRows, joinRows } from "../../models/features/mod.ts";
import { DAY_MS } from "../../simulator/rhythm.ts";
import { atmRegion, atmReports, hiddenRisks } from "../../simulator/truth.ts";

export interface SimulatedFleet {
  readonly seed: string;
  readonly atms: number;
  readonly days: number;
  /** Epoch ms. */
  readonly startAt: number;
  /** From one report of an ATM to its next; of several, ATMs have one each, by turns. */
  readonly everyMs: number | readonly number[];
}

export interface RowsWithTruth extends FailureRows {
  /**
   * Per row, the probability of a failure for somebody who sees the hidden state: no score can be
   * better, in the long run, than the one these have.
   */
  readonly risks: Float64Array;
}

/** `onAtm` is told how many ATMs are done; it may throw, which ends the simulation. */
export function simulatedRows(
  { seed, atms, days, startAt, everyMs }: SimulatedFleet,
  onAtm: (done: number) => void = () => {},
): RowsWithTruth {
  const world = { seed, startAt, tempo: 1 };
  const until = startAt + days * DAY_MS;
  const paces = typeof everyMs === "number" ? [everyMs] : everyMs;
  const lives = Array.from({ length: atms }, (_, index) => {
    const rows = new AtmRows({ region: atmRegion(world, index) });
    const pace = { everyMs: paces[index % paces.length] as number, until };
    for (const report of atmReports(world, index, pace)) rows.take(report);
    onAtm(index + 1);
    return rows;
  });
  const rows = joinRows(lives);
  const risks = new Float64Array(rows.times.length);
  // Rows come device after device.
  let from = 0;
  while (from < risks.length) {
    const device = rows.devices[from] as number;
    const until = rows.devices.lastIndexOf(device) + 1;
    risks.set(hiddenRisks(world, device, rows.times.subarray(from, until)), from);
    from = until;
  }
  return { ...rows, risks };
}
