/** Asks XGBoost, where Debian's python3-xgboost is installed, to learn the same rows. */
import { baseRate } from "../models/metrics.ts";
import type { TreeParameters } from "../models/trees/parameters.ts";
import type { Examples } from "../models/trees/train.ts";
import { writeNpy } from "./npy.ts";

const PEER = new URL("./xgboost_peer.py", import.meta.url).pathname;
const PYTHON = "/usr/bin/python3"; // Debian's, whatever else the path leads to.
const NOT_INSTALLED = 3;

export interface Peer {
  readonly version: string;
  /** Of processor time, to learn. */
  readonly seconds: number;
  /** Log-odds of the rows to judge. */
  readonly margins: readonly number[];
}

/** One thread, by histograms, from the same first guess. Undefined where it is not installed. */
export async function askXgboost(
  learned: Examples,
  judged: Examples,
  parameters: TreeParameters,
): Promise<Peer | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "telltale-bench-" });
  try {
    for (const [name, { features, labels }] of Object.entries({ learned, judged })) {
      const { values, rows, columns } = features;
      await writeNpy(`${folder}/${name}.npy`, values, [rows, columns]);
      await writeNpy(`${folder}/${name}_labels.npy`, labels, [rows]);
    }
    const odds = baseRate(learned.labels) / (1 - baseRate(learned.labels));
    const weighted = odds * parameters.positiveWeight;
    const python = new Deno.Command(PYTHON, {
      args: [PEER, folder, JSON.stringify({ ...parameters, base: weighted / (1 + weighted) })],
      env: { OMP_NUM_THREADS: "1" },
    });
    const { success, code, stdout, stderr } = await python.output();
    if (success) return JSON.parse(new TextDecoder().decode(stdout));
    if (code === NOT_INSTALLED) return undefined;
    throw new Error(`XGBoost failed: ${new TextDecoder().decode(stderr)}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
