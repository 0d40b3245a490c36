/** The models of a device or a fleet: which were trained, and which of each kind is in force. */
import type { Event } from "../events/event.ts";
import type { ModelEvent, RecordModel } from "../events/model.ts";
import { type CommandInput, CommandRejectedError } from "./decider.ts";

export interface Models {
  /** The latest trained, oldest first. */
  readonly trained: { readonly model: string; readonly kind: string }[];
  /** By kind. */
  readonly inForce: Record<string, string>;
}

/** Older ones can be asked for, but no longer be promoted. */
export const MODELS_REMEMBERED = 32;

/** A model that is known already is not recorded again. */
export function decideRecordModel(
  models: Models | undefined,
  { data, at }: CommandInput,
): readonly ModelEvent[] {
  const { model, kind, card, promote, by } = data as RecordModel;
  const known = models?.trained.some((trained) => trained.model === model);
  const trained: ModelEvent[] = known
    ? []
    : [{ type: "ModelTrained", data: { model, kind, card }, occurredAt: at }];
  if (!promote || models?.inForce[kind] === model) return trained;
  return [...trained, { type: "ModelPromoted", data: { model, kind, by }, occurredAt: at }];
}

export function decidePromoteModel(
  models: Models | undefined,
  { data, at }: CommandInput,
): readonly ModelEvent[] {
  const { model, by } = data as { model: string; by: string };
  const trained = models?.trained.find((trained) => trained.model === model);
  if (trained === undefined) {
    throw new CommandRejectedError(
      "model-unknown",
      `No model ${model} is among those trained here`,
    );
  }
  if (models?.inForce[trained.kind] === model) return [];
  const { kind } = trained;
  return [{ type: "ModelPromoted", data: { model, kind, by }, occurredAt: at }];
}

export function noteModel(state: { models?: Models | undefined }, { type, data }: Event): void {
  if (type !== "ModelTrained" && type !== "ModelPromoted") return;
  const models = state.models ??= { trained: [], inForce: {} };
  const { model, kind } = data as { model: string; kind: string };
  if (type === "ModelPromoted") {
    models.inForce[kind] = model;
    return;
  }
  models.trained.push({ model, kind });
  if (models.trained.length > MODELS_REMEMBERED) models.trained.shift();
}
