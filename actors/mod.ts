/** The deciders, by kind of device. */
import type { Kind } from "../events/vocabulary.ts";
import { atm } from "./atm.ts";
import type { Decider } from "./decider.ts";
import type { DeviceState } from "./state.ts";
import { machine } from "./machine.ts";
import { sensor } from "./sensor.ts";
import { store } from "./store.ts";

export type { DeviceState } from "./state.ts";

export const deciders: Readonly<Record<Kind, Decider<DeviceState>>> = {
  atm,
  machine,
  store,
  sensor,
};
