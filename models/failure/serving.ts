/**
 * A failure model at work: one file in, probabilities and their reasons out.
 *
 * The file names the features it wants, in its own order; the rows it is given have the code's. One
 * that wants a feature the code does not have is refused, as is one with other bytes than its name
 * says. onnxruntime scores; the trees read back from the same file explain.
 */
import type { Factor } from "../../events/inference.ts";
import { FEATURE_NAMES } from "../features/mod.ts";
import { openSession } from "../onnx/session.ts";
import { createExplainer } from "../trees/explainer.ts";
import type { Matrix } from "../trees/matrix.ts";
import { readModel, sha256Of, type TreeModel } from "../trees/model.ts";
import { type FailureCard, isFailureCard } from "./card.ts";

export interface FailureModel {
  readonly sha256: string;
  /** The columns it sees, in its order. */
  readonly features: readonly string[];
  /** Probabilities from here on are alarms. */
  readonly threshold: number;
  readonly card: FailureCard;
  /** Per row, the probability that a failure begins within the horizon. Rows have the code's columns. */
  score(rows: Matrix): Promise<Float64Array>;
  /** What moved the answer for a row, in log-odds, the most first; as many as asked for. */
  explain(row: Float32Array, count: number): Factor[];
  release(): Promise<void>;
}

/** The message is for people. */
export class ModelFileError extends Error {
  override readonly name = "ModelFileError";
}

/** `named` is the SHA-256 the file should have, where that is known. Throws ModelFileError. */
export async function loadFailureModel(
  onnx: Uint8Array<ArrayBuffer>,
  named?: string,
): Promise<FailureModel> {
  const { model, card, sha256 } = await readFailureModel(onnx, named);
  const columns = columnsOf(model);
  const pick = pickerOf(columns);
  const session = await openSession(onnx);
  // Its tables take a while; only alarms are explained.
  let explainer: ReturnType<typeof createExplainer> | undefined;
  return {
    sha256,
    features: model.features,
    threshold: card.threshold,
    card,
    async score(rows) {
      if (rows.rows === 0) return new Float64Array();
      const values = pick(rows);
      const batch = { values, shape: [rows.rows, columns.length] };
      return Float64Array.from(await session.run("features", batch, "probability"));
    },
    explain(row, count) {
      explainer ??= createExplainer(model.forest);
      const own = pick({ values: row, rows: 1, columns: row.length });
      const { values } = explainer.explain(own);
      return largest(values, count).map((column) => ({
        feature: model.features[column] as string,
        value: numberOrNull(own[column] as number),
        contribution: values[column] as number,
      }));
    },
    release: () => session.release(),
  };
}

export interface ReadFailureModel {
  readonly model: TreeModel;
  readonly card: FailureCard;
  readonly sha256: string;
}

/** The same without a session: for whoever scores with the trees themselves. */
export async function readFailureModel(
  onnx: Uint8Array<ArrayBuffer>,
  named?: string,
): Promise<ReadFailureModel> {
  const sha256 = await sha256Of(onnx);
  if (named !== undefined && sha256 !== named) {
    throw new ModelFileError(`Cannot use model ${named}: its file was changed`);
  }
  const { model, card } = read(onnx, sha256);
  if (!isFailureCard(card)) {
    throw new ModelFileError(`Cannot use model ${sha256}: its card is not a failure model's`);
  }
  return { model, card, sha256 };
}

function read(onnx: Uint8Array, sha256: string): ReturnType<typeof readModel> {
  try {
    return readModel(onnx);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ModelFileError(`Cannot use model ${sha256}: ${why}`, { cause: error });
  }
}

/** Where in a row of the code's features each of the model's stands. Throws ModelFileError. */
export function columnsOf({ features }: Pick<TreeModel, "features">): Int32Array {
  const unknown = features.filter((name) => !FEATURE_NAMES.includes(name));
  if (unknown.length > 0) {
    throw new ModelFileError(
      `Cannot use a model that was trained on features this version does not have: ${
        unknown.join(", ")
      }; train a new one`,
    );
  }
  return Int32Array.from(features, (name) => FEATURE_NAMES.indexOf(name));
}

/** Of rows with the code's columns, a model's. */
export function pickerOf(columns: Int32Array): (rows: Matrix) => Float32Array {
  const same = columns.length === FEATURE_NAMES.length &&
    columns.every((column, i) => column === i);
  return ({ values, rows, columns: width }) => {
    if (width !== FEATURE_NAMES.length) {
      throw new Error(`Cannot score rows of ${width} features: expected ${FEATURE_NAMES.length}`);
    }
    if (same) return values;
    const picked = new Float32Array(rows * columns.length);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < columns.length; i++) {
        picked[row * columns.length + i] = values[row * width + (columns[i] as number)] as number;
      }
    }
    return picked;
  };
}

/** The places of the values farthest from 0, the farthest first. */
function largest(values: Float64Array, count: number): number[] {
  const places: number[] = [];
  for (let place = 0; place < values.length; place++) {
    const size = Math.abs(values[place] as number);
    let rank = places.length;
    while (rank > 0 && size > Math.abs(values[places[rank - 1] as number] as number)) rank--;
    if (rank === count) continue;
    places.splice(rank, 0, place);
    if (places.length > count) places.pop();
  }
  return places;
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
