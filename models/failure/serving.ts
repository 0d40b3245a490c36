/**
 * A failure model at work: one file in, probabilities and their reasons out, by the trees read back
 * from it, which say what onnxruntime says of the file (`proof.ts`).
 *
 * The file names the features it wants, in its own order; the rows it is given have the code's. One
 * that wants a feature the code does not have is refused, as is one with other bytes than its name
 * says.
 */
import { messageOf } from "../../events/errors.ts";
import type { Factor } from "../../events/inference.ts";
import { FEATURE_NAMES } from "../features/mod.ts";
import { inTurns, type Steps } from "../steps.ts";
import { creatingExplainer } from "../trees/explainer.ts";
import type { Matrix } from "../trees/matrix.ts";
import { sha256Of } from "../sha256.ts";
import { readModel, scoreProbabilities, type TreeModel } from "../trees/model.ts";
import { type FailureCard, isFailureCard } from "./card.ts";

export interface FailureModel {
  readonly sha256: string;
  /** The columns it sees, in its order. */
  readonly features: readonly string[];
  /** Probabilities from here on are alarms. */
  readonly threshold: number;
  readonly card: FailureCard;
  /** Per row, the probability that a failure begins within the horizon. Rows have the code's columns. */
  score(rows: Matrix): Steps<Float64Array<ArrayBuffer>>;
  /** What moved the answer for a row, in log-odds, the most first; as many as asked for. */
  explain(row: Float32Array, count: number): Steps<Factor[]>;
}

/** The message is for people. */
export class ModelFileError extends Error {
  override readonly name = "ModelFileError";
}

/** A step: below a millisecond, and some while its code is still new to V8. */
const ROWS_AT_ONCE = 64;

/**
 * `named` is the SHA-256 the file should have, where that is known. What explains the answers is
 * made in turns with others. Throws ModelFileError.
 */
export async function loadFailureModel(
  onnx: Uint8Array<ArrayBuffer>,
  named?: string,
): Promise<FailureModel> {
  const { model, card, sha256 } = await readFailureModel(onnx, named);
  const columns = columnsOf(model);
  const pick = pickerOf(columns);
  const explainer = await inTurns(creatingExplainer(model.forest));
  return {
    sha256,
    features: model.features,
    threshold: card.threshold,
    card,
    *score(rows) {
      const values = pick(rows);
      const probabilities = new Float64Array(rows.rows);
      for (let from = 0; from < rows.rows; from += ROWS_AT_ONCE) {
        const to = Math.min(rows.rows, from + ROWS_AT_ONCE);
        const own = values.subarray(from * columns.length, to * columns.length);
        const some = { values: own, rows: to - from, columns: columns.length };
        probabilities.set(scoreProbabilities(model, some), from);
        yield;
      }
      return probabilities;
    },
    *explain(row, count) {
      const own = pick({ values: row, rows: 1, columns: row.length });
      const { values } = yield* explainer.explaining(own);
      return largest(values, count).map((column) => ({
        feature: model.features[column] as string,
        value: numberOrNull(own[column] as number),
        contribution: values[column] as number,
      }));
    },
  };
}

export interface ReadFailureModel {
  readonly model: TreeModel;
  readonly card: FailureCard;
  readonly sha256: string;
}

/** The same without what explains it. */
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
    const why = messageOf(error);
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
