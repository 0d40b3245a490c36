/** A model's file for whoever asks for it. */
import type { Sql } from "../../events/log/database.ts";
import { readModelFile } from "../../projections/models.ts";
import { ProblemError } from "../problem.ts";

export const MODEL_FILE_HEADERS = { "content-type": "application/octet-stream" };

/** The log may know of a model whose file another database keeps: that is a problem of its own. */
export async function modelFile(sql: Sql, model: string): Promise<Uint8Array<ArrayBuffer>> {
  const onnx = await readModelFile(sql, model);
  if (onnx !== undefined) return onnx;
  throw new ProblemError(404, "model-file-missing", `The file of model ${model} is not kept here`);
}
