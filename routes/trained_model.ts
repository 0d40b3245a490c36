/** A model that was trained, of a series or of the fleet: as it is described, found and fetched. */
import { z } from "@hono/zod-openapi";
import { formatInstant } from "../events/instant.ts";
import type { Sql } from "../events/log/database.ts";
import { listModels, readModelFile, type TrainedModel } from "../projections/models.ts";
import { ProblemError } from "./problem.ts";
import { Fields, Instant, instantOrNull } from "./schemas.ts";

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in lower-case hex");

export const ModelSchema = z.object({
  sha256: Sha256,
  kind: z.string(),
  trained_at: Instant,
  promoted_at: Instant.nullable(),
  in_force: z.boolean(),
  card: Fields.openapi({ description: "Training range, parameters, loss curve, hold-out errors." }),
}).openapi("TrainedModel");

export function modelJson(
  { sha256, kind, trainedAt, promotedAt, inForce, card }: TrainedModel,
): z.infer<typeof ModelSchema> {
  return {
    sha256,
    kind,
    trained_at: formatInstant(trainedAt),
    promoted_at: instantOrNull(promotedAt),
    in_force: inForce,
    card,
  };
}

/** `whose` ends the sentence of the ProblemError (404): `of series "S1"`. */
export async function findModel(
  sql: Sql,
  stream: string,
  sha256: string,
  whose: string,
): Promise<TrainedModel> {
  const found = (await listModels(sql, stream)).find((model) => model.sha256 === sha256);
  if (found !== undefined) return found;
  throw new ProblemError(404, "model-unknown", `No model ${sha256} was trained ${whose}`);
}

export const MODEL_FILE = {
  description: "The file, whose SHA-256 is the model's name",
  content: {
    "application/octet-stream": { schema: { type: "string" as const, format: "binary" } },
  },
};

/** The log may know of a model whose file another database keeps: that is a problem of its own. */
export async function modelFileResponse(sql: Sql, sha256: string): Promise<Response> {
  const onnx = await readModelFile(sql, sha256);
  if (onnx === undefined) {
    const detail = `The file of model ${sha256} is not kept here`;
    throw new ProblemError(404, "model-file-missing", detail);
  }
  return new Response(onnx, { headers: { "content-type": "application/octet-stream" } });
}
