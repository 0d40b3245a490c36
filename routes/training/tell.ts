/**
 * Tells the log of models it has not heard of: those trained here, and those that were trained while
 * no Telltale ran. Their actor answers; from then on every node knows.
 */
import type { Publisher } from "../../events/bus/publisher.ts";
import { subjectOf } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { deviceOf, isAddressee } from "../../events/vocabulary.ts";
import { markTold, untoldModels } from "../../projections/models.ts";

/** Returns how many. Telling twice, as two nodes may, changes nothing. */
export async function tellOfModels(sql: Sql, publisher: Publisher): Promise<number> {
  const models = await untoldModels(sql);
  for (const { stream, order } of models) {
    const { kind, id } = deviceOf(stream);
    if (!isAddressee(kind)) throw new Error(`Cannot tell of a model of "${stream}": nobody hears`);
    const body = new TextEncoder().encode(JSON.stringify({ command: "RecordModel", ...order }));
    const { answer } = await publisher.publish(subjectOf(kind, id, "command"), body, {
      waitForLog: true,
    });
    // What an actor refuses it will refuse again; the refusal is in the log.
    if (answer !== undefined) await markTold(sql, order.model);
  }
  return models.length;
}
