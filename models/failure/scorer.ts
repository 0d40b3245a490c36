/**
 * The failure model in force, on the thread that decides: scoring goes in turns of a few
 * milliseconds, between which messages get theirs.
 *
 * A model that cannot be loaded or run is reported, and those who ask are told that there is none;
 * they go on without scores, and ask again later.
 */
import { messageOf } from "../../events/errors.ts";
import type { Factor } from "../../events/inference.ts";
import { inTurns, type Steps } from "../steps.ts";
import { type FailureModel, loadFailureModel } from "./serving.ts";

/** A model as it is kept. */
export interface ModelFile {
  readonly sha256: string;
  readonly onnx: Uint8Array<ArrayBuffer>;
}

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
  readonly probabilities: Float64Array;
  /** By row, of alarms or of all as it was asked for: what moved them, the most first. */
  readonly factors: ReadonlyMap<number, readonly Factor[]>;
}

export interface Scorer {
  /** The model that serves; undefined while there is none. */
  serving(): Serving | undefined;
  /**
   * Of rows with the code's columns, one after the other, which must stay as they are until then.
   * Rejects where there is no model, or it cannot be run.
   */
  score(values: Float32Array, rows: number, options?: ScoreOptions): Promise<Scores>;
  /** Another model may be in force now; it is looked for, and serves once it is loaded. */
  refresh(): Promise<void>;
}

export interface ScoreOptions {
  /** For which answers what moved them is told. @default "alarms" */
  readonly reasons?: "alarms" | "all";
}

export interface ScorerDeps {
  /** The model in force; undefined where none is. */
  load(): Promise<ModelFile | undefined>;
  report(problem: string): void;
  /** So many rows were scored, and it took that long. */
  scored?(rows: number, seconds: number): void;
}

const FACTORS = 5;

interface InForce {
  readonly model: FailureModel;
  readonly serving: Serving;
}

export function createScorer({ load, report, scored }: ScorerDeps): Scorer {
  let inForce: InForce | undefined;
  /** Loaded last, whether or not it can be used. */
  let seen: string | undefined;
  let refreshing: Promise<void> = Promise.resolve();

  async function refresh(): Promise<void> {
    const file = await load();
    if (file === undefined || file.sha256 === seen) return;
    seen = file.sha256;
    try {
      const model = await loadFailureModel(file.onnx, file.sha256);
      inForce = { model, serving: servingOf(model) };
    } catch (error) {
      // The one before it stays.
      report(`The failure model ${file.sha256} cannot be used: ${messageOf(error)}`);
    }
  }

  return {
    serving: () => inForce?.serving,
    async score(values, rows, { reasons = "alarms" } = {}) {
      if (inForce === undefined) throw new Error("No failure model is in force");
      const startedAt = performance.now();
      try {
        const scores = await inTurns(scoring(inForce, values, rows, reasons));
        scored?.(rows, (performance.now() - startedAt) / 1000);
        return scores;
      } catch (error) {
        report(`Failures cannot be scored: ${messageOf(error)}`);
        throw error;
      }
    },
    refresh() {
      return refreshing = refreshing.then(refresh).catch((error) =>
        report(`The failure model in force cannot be read: ${error}`)
      );
    },
  };
}

function* scoring(
  { model, serving }: InForce,
  values: Float32Array,
  rows: number,
  reasons: "alarms" | "all",
): Steps<Scores> {
  const columns = values.length / Math.max(1, rows);
  const probabilities = yield* model.score({ values, rows, columns });
  const factors = new Map<number, readonly Factor[]>();
  for (const [row, probability] of probabilities.entries()) {
    if (reasons === "alarms" && probability < serving.threshold) continue;
    const own = values.subarray(row * columns, (row + 1) * columns);
    factors.set(row, yield* model.explain(own, FACTORS));
    yield;
  }
  return { ...serving, probabilities, factors };
}

function servingOf(
  { sha256, threshold, card: { horizonHours, simulated } }: FailureModel,
): Serving {
  return { model: sha256, threshold, horizonHours, simulated };
}
