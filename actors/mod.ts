/** The deciders: of devices, by their kind, and of what stands beside them. */
import { isKind, type Kind, MODEL_KIND } from "../events/vocabulary.ts";
import { INFERENCE_KIND } from "../events/inference.ts";
import { atm } from "./atm.ts";
import type { Decider, Input } from "./decider.ts";
import { inference, type InferenceInput, type InferenceState } from "./inference.ts";
import { machine } from "./machine.ts";
import { type FleetModels, model } from "./model.ts";
import { sensor } from "./sensor.ts";
import type { DeviceState } from "./state.ts";
import { store } from "./store.ts";

export type { DeviceState } from "./state.ts";

/** What any actor remembers. */
export type AnyState = DeviceState | FleetModels | InferenceState;

/** What any actor may be told. */
export type AnyInput = Input | InferenceInput;

export const deciders: Readonly<Record<Kind, Decider<DeviceState>>> = {
  atm,
  machine,
  store,
  sensor,
};

/** By the kind of a stream; undefined where nobody decides. */
export function deciderOf(kind: string): Decider<AnyState, AnyInput> | undefined {
  if (isKind(kind)) return deciders[kind];
  if (kind === INFERENCE_KIND) return inference;
  return kind === MODEL_KIND ? model : undefined;
}
