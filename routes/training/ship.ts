/**
 * Puts the failure model that comes with Telltale in force where none of the user's own is: every
 * score then names a model that is in the log. A newer one takes the place of an older one.
 */
import type { Sql } from "../../events/log/database.ts";
import { FAILURE_MODEL, FAILURE_MODEL_STREAM } from "../../events/model.ts";
import type { Json } from "../../events/vocabulary.ts";
import { readFailureModel } from "../../models/failure/serving.ts";
import { readShippedModel } from "../../models/failure/shipped.ts";
import {
  keepModel,
  readModelInForce,
  type UntoldModel,
  untoldModels,
} from "../../projections/models.ts";

/** Who puts it in force. */
export const SHIPPED_BY = "telltale";

/** Keeps it for the log to hear of. */
export async function shipModel(sql: Sql): Promise<void> {
  const shipped = await readShippedModel();
  const inForce = await readModelInForce(sql, FAILURE_MODEL_STREAM, FAILURE_MODEL);
  if (inForce?.sha256 === shipped.sha256 || (inForce && isOwn(inForce.card))) return;
  // One that was trained while no Telltale ran is about to be told of.
  if ((await untoldModels(sql)).some(isPromotedOwn)) return;
  const { card } = await readFailureModel(shipped.onnx);
  await keepModel(sql, {
    stream: FAILURE_MODEL_STREAM,
    order: {
      model: shipped.sha256,
      kind: FAILURE_MODEL,
      card: { ...card },
      promote: true,
      by: SHIPPED_BY,
    },
    onnx: shipped.onnx,
  });
}

function isPromotedOwn({ stream, order }: UntoldModel): boolean {
  return stream === FAILURE_MODEL_STREAM && order.promote && isOwn(order.card);
}

/** A card that says it is simulated is of a model that came with some Telltale. */
function isOwn(card: Json): boolean {
  return card.simulated !== true;
}
