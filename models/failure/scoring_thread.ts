/** The thread the failure model is run on, so that deciding and writing do not wait for it. */
import type { Factor } from "../../events/inference.ts";
import type { FailureModel } from "./serving.ts";

export type ToScoring =
  | { readonly type: "load"; readonly model: string; readonly onnx: Uint8Array<ArrayBuffer> }
  /** Rows one after the other, with the code's columns. */
  | {
    readonly type: "score";
    readonly id: number;
    readonly rows: number;
    readonly values: Float32Array<ArrayBuffer>;
    readonly reasons: "alarms" | "all";
  };

/** What is said of the model that serves. */
export interface Serving {
  /** SHA-256. */
  readonly model: string;
  readonly threshold: number;
  readonly horizonHours: number;
  readonly simulated: boolean;
}

export interface Scores extends Serving {
  /** Per row. */
  readonly probabilities: Float64Array<ArrayBuffer>;
  /** By row, of alarms or of all as it was asked for: what moved them, the most first. */
  readonly factors: ReadonlyMap<number, readonly Factor[]>;
}

export type FromScoring =
  | { readonly type: "loaded"; readonly serving: Serving }
  | { readonly type: "refused"; readonly model: string; readonly problem: string }
  | { readonly type: "scored"; readonly id: number; readonly scores: Scores }
  | { readonly type: "failed"; readonly id: number; readonly problem: string };

const FACTORS = 5;

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToScoring>) => void;
  postMessage(message: FromScoring): void;
};

let inForce: { readonly model: FailureModel; readonly serving: Serving } | undefined;
let queue: Promise<void> = Promise.resolve();

thread.onmessage = ({ data }) => {
  queue = queue.then(() => data.type === "load" ? load(data) : answer(data));
};

/** One that cannot be used leaves the one before it in force. */
async function load({ model, onnx }: Extract<ToScoring, { type: "load" }>): Promise<void> {
  try {
    // Not before: what is sent while the package loads would be lost.
    const { loadFailureModel } = await import("./serving.ts");
    const loaded = await loadFailureModel(onnx, model);
    const { threshold, card: { horizonHours, simulated } } = loaded;
    const serving = { model, threshold, horizonHours, simulated };
    const old = inForce;
    inForce = { model: loaded, serving };
    thread.postMessage({ type: "loaded", serving });
    await old?.model.release();
  } catch (error) {
    thread.postMessage({ type: "refused", model, problem: problemIn(error) });
  }
}

async function answer(
  { id, rows, values, reasons }: Extract<ToScoring, { type: "score" }>,
): Promise<void> {
  try {
    if (inForce === undefined) throw new Error("No failure model is in force");
    const { model, serving } = inForce;
    const columns = values.length / Math.max(1, rows);
    const probabilities = Float64Array.from(await model.score({ rows, columns, values }));
    const factors = new Map<number, readonly Factor[]>();
    probabilities.forEach((probability, row) => {
      if (reasons === "alarms" && probability < serving.threshold) return;
      factors.set(row, model.explain(values.subarray(row * columns, (row + 1) * columns), FACTORS));
    });
    thread.postMessage({ type: "scored", id, scores: { ...serving, probabilities, factors } });
  } catch (error) {
    thread.postMessage({ type: "failed", id, problem: problemIn(error) });
  }
}

function problemIn(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
