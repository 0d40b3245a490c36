/** Orders to a device's actor: what follows from each, and when it is refused. */
import type { AlarmReason, DeviceEvent } from "../events/device.ts";
import type { NewEvent } from "../events/event.ts";
import type { Kind } from "../events/vocabulary.ts";
import { clearAll, namesOf } from "./alarm.ts";
import { type CommandInput, CommandRejectedError } from "./decider.ts";
import { decideMaintenance } from "./maintenance.ts";
import { decidePromoteModel, decideRecordModel } from "./models.ts";
import { decideFit } from "./series.ts";
import type { DeviceState } from "./state.ts";

export function decideCommand(
  kind: Kind,
  state: DeviceState,
  input: CommandInput,
): readonly NewEvent[] {
  const { command, data, at } = input;
  if (command === "RegisterDevice") return register(kind, state, input);
  if (command === "FitSeriesModel") {
    if (kind === "sensor") return decideFit(state, input);
    throw new CommandRejectedError("not-a-series", `Only a sensor is a series, not a ${kind}`);
  }
  if (!state.known) {
    throw new CommandRejectedError(
      "device-unknown",
      `Cannot ${command}: this ${kind} has never been seen nor registered`,
    );
  }
  switch (command) {
    case "RecordModel":
      return decideRecordModel(state.models, input);
    case "PromoteModel":
      return decidePromoteModel(state.models, input);
    case "DescribeDevice":
      return [{ type: "DeviceDescribed", data, occurredAt: at }];
    case "AcknowledgeAlarm":
      return acknowledge(state, input);
    case "ScheduleMaintenance":
    case "CompleteMaintenance":
    case "CancelMaintenance":
      return decideMaintenance(state.maintenance, input);
    case "ConfigureSilence": {
      const timeoutSeconds = data.timeoutSeconds as number | null;
      if (timeoutSeconds === state.silenceTimeoutSeconds) return [];
      return [{ type: "SilenceConfigured", data: { timeoutSeconds }, occurredAt: at }];
    }
    case "DecommissionDevice":
      if (state.decommissioned) {
        throw new CommandRejectedError("already-decommissioned", "It is decommissioned already");
      }
      return [
        ...clearAll(state.alarms, at),
        { type: "DeviceDecommissioned", data: { by: String(data.by) }, occurredAt: at },
      ];
    case "RecommissionDevice":
      if (!state.decommissioned) {
        throw new CommandRejectedError("not-decommissioned", "It is not decommissioned");
      }
      return [{ type: "DeviceRecommissioned", data: { by: String(data.by) }, occurredAt: at }];
  }
  throw new CommandRejectedError("unknown-command", `There is no command "${command}"`);
}

/** A device that only ever spoke for itself may be entered into the registry afterwards. */
function register(
  kind: Kind,
  state: DeviceState,
  { id, data, at }: CommandInput,
): readonly DeviceEvent[] {
  if (state.registered && !state.decommissioned) {
    throw new CommandRejectedError("already-registered", `This ${kind} is registered already`);
  }
  const described: DeviceEvent = { type: "DeviceDescribed", data, occurredAt: at };
  if (state.decommissioned) {
    const by = "operator";
    return [{ type: "DeviceRecommissioned", data: { by }, occurredAt: at }, described];
  }
  if (state.known) return [described];
  return [{ type: "DeviceRegistered", data: { kind, id }, occurredAt: at }, described];
}

function acknowledge(state: DeviceState, { data, at }: CommandInput): readonly DeviceEvent[] {
  const reason = data.reason as AlarmReason;
  const alarm = state.alarms[reason];
  if (!alarm) {
    throw new CommandRejectedError("no-such-alarm", `No alarm "${reason}" is open`);
  }
  if (alarm.acknowledged) return [];
  const names = namesOf(reason, alarm);
  return [{
    type: "AlarmAcknowledged",
    data: { ...names, by: String(data.by) },
    occurredAt: at,
  }];
}
