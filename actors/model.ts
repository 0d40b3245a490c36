/**
 * The models that serve a whole fleet, by what they tell (`model-failure`): which were trained,
 * which is in force, and which was before it. It takes orders only.
 */
import type { Event } from "../events/event.ts";
import { FLEET_MODELS, type ModelEvent } from "../events/model.ts";
import { MODEL_KIND } from "../events/vocabulary.ts";
import { type CommandInput, CommandRejectedError, type Decider } from "./decider.ts";
import {
  decidePromoteModel,
  decideRecordModel,
  type Models,
  MODELS_REMEMBERED,
  noteModel,
} from "./models.ts";

export interface FleetModels {
  /** Absent until the first was trained. */
  models?: Models | undefined;
  /** Those that were in force and made way for another, the latest last. */
  readonly before: string[];
}

export const model: Decider<FleetModels> = {
  kind: MODEL_KIND,
  stateVersion: 1,
  initial: () => ({ before: [] }),
  decide: (state, input) => input.type === "Command" ? obey(state, input) : [],
  evolve(state, event) {
    notePromotion(state, event);
    noteModel(state, event);
    return state;
  },
  nextDeadline: () => Infinity,
};

function obey(state: FleetModels, input: CommandInput): readonly ModelEvent[] {
  const { id, command, data } = input;
  if (!FLEET_MODELS.includes(id)) {
    throw new CommandRejectedError(
      "no-such-models",
      `There are no models of "${id}": expected ${FLEET_MODELS.join(" or ")}`,
    );
  }
  switch (command) {
    case "RecordModel":
      if (data.kind === id) return decideRecordModel(state.models, input);
      throw new CommandRejectedError("wrong-kind", `A model of kind "${data.kind}" is no ${id}'s`);
    case "PromoteModel":
      return decidePromoteModel(state.models, input);
    case "RollBackModel":
      return rollBack(state, input);
  }
  throw new CommandRejectedError("no-device", `Cannot ${command}: models are no device`);
}

/** Said twice, or of a model that has made way already, it changes nothing. */
function rollBack(
  { models, before }: FleetModels,
  { id, data, at }: CommandInput,
): readonly ModelEvent[] {
  if (models?.inForce[id] !== data.model) return [];
  const model = before.at(-1);
  if (model === undefined) {
    throw new CommandRejectedError("no-model-before", "No other model was in force before");
  }
  const by = String(data.by);
  return [{ type: "ModelPromoted", data: { model, kind: id, by, back: true }, occurredAt: at }];
}

/** The one that was rolled back from is not what another roll back leads to. */
function notePromotion({ models, before }: FleetModels, { type, data }: Event): void {
  if (type !== "ModelPromoted") return;
  if (data.back === true) {
    before.pop();
    return;
  }
  const last = models?.inForce[String(data.kind)];
  if (last === undefined) return;
  before.push(last);
  if (before.length > MODELS_REMEMBERED) before.shift();
}
