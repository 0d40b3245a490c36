/**
 * The trees read back from a file score here, and onnxruntime everywhere else the file goes: what
 * is kept has been shown to be the same model to both.
 */
import { openSession } from "../onnx/session.ts";
import type { Matrix } from "../trees/matrix.ts";
import { readModel, scoreProbabilities } from "../trees/model.ts";
import { ModelFileError } from "./serving.ts";

/** Both add floats in the same order; only the calibration, in doubles, may differ by a rounding. */
const APART_MAX = 1e-6;
const ROWS_AT_ONCE = 10_000;

/** `rows` have the model's columns. Throws ModelFileError where an answer is another. */
export async function proveFile(
  onnx: Uint8Array,
  { values, rows, columns }: Matrix,
): Promise<void> {
  const { model } = readModel(onnx);
  const session = await openSession(onnx);
  try {
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      const to = Math.min(rows, from + ROWS_AT_ONCE);
      const some = values.subarray(from * columns, to * columns);
      const batch = { values: some, shape: [to - from, columns] };
      const judge = await session.run("features", batch, "probability");
      const own = scoreProbabilities(model, { values: some, rows: to - from, columns });
      own.forEach((probability, i) => requireSame(from + i, probability, judge[i]));
    }
  } finally {
    await session.release();
  }
}

function requireSame(row: number, own: number, judge: number | undefined): void {
  if (judge !== undefined && Math.abs(own - judge) <= APART_MAX) return;
  throw new ModelFileError(
    `Cannot keep the model: of row ${row} its trees say ${own} and onnxruntime says ${judge}`,
  );
}
