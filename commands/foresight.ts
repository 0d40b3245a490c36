/** The forecasters in force, fed with what is committed. */
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { readReadings } from "../events/log/readings.ts";
import { deviceOf } from "../events/vocabulary.ts";
import { isServable } from "../models/lstm/card.ts";
import { CONTEXT_READINGS } from "../models/lstm/features.ts";
import { type Foresight, type InForce, startForesight } from "../models/lstm/foresight.ts";
import { sha256Of } from "../models/sha256.ts";
import { readModelFile, readModelInForce, streamsWithModel } from "../projections/models.ts";

/** More than a window takes, as repeats and stragglers are left out of it. */
const RECENT = 2 * CONTEXT_READINGS;
const KIND = "lstm";

export interface CommittedForesight extends Pick<Foresight, "forecast" | "stop"> {
  /** Events just committed, in their order. */
  committed(events: readonly RecordedEvent[]): void;
}

/** Series are named by their streams. */
export async function followWithForesight(
  sql: Sql,
  report: (problem: string) => void,
): Promise<CommittedForesight> {
  const foresight = startForesight({
    series: await streamsWithModel(sql, KIND),
    load: (stream) => loadInForce(sql, stream),
    report,
  });
  return {
    committed(events) {
      for (const { type, stream, data, occurredAt } of events) {
        if (type === "ReadingReported") {
          foresight.offer(stream, { value: Number(data.value), at: occurredAt });
        } else if (type === "ModelPromoted" && data.kind === KIND) foresight.promoted(stream);
      }
      foresight.run();
    },
    forecast: (stream, at) => foresight.forecast(stream, at),
    stop: () => foresight.stop(),
  };
}

async function loadInForce(sql: Sql, stream: string): Promise<InForce | undefined> {
  const model = await readModelInForce(sql, stream, KIND);
  if (model === undefined) return undefined;
  const onnx = await readModelFile(sql, model.sha256);
  if (onnx === undefined) throw new Error(`the file of model ${model.sha256} is not kept here`);
  if (await sha256Of(onnx) !== model.sha256) {
    throw new Error(`the file of model ${model.sha256} was changed`);
  }
  const { sha256, card } = model;
  if (!isServable(card)) throw new Error(`the card of model ${sha256} is not a forecaster's`);
  const recent = await readReadings(sql, deviceOf(stream).id, RECENT);
  return { sha256, card, onnx, recent };
}
