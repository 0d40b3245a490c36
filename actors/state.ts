/** What an actor remembers of its device. */
import type { Anomalies } from "./anomaly.ts";
import type { AtmAlerts } from "./atm_alerts.ts";
import type { AtmMemory } from "./atm_memory.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Bearings } from "./bearings.ts";
import type { Models } from "./models.ts";
import type { Recent } from "./repeats.ts";
import type { Rolling } from "./rolling.ts";
import type { Fits } from "./series.ts";
import type { Listening } from "./silence.ts";
import type { Parts } from "./status.ts";
import type { Plant } from "./vibration.ts";

/** Plain JSON below 64 KiB. Moments are epoch ms. */
export interface DeviceState extends Listening, Recent, Parts {
  /** Whether it was ever registered, by its first message or by an order. */
  known: boolean;
  /** Whether an order put it into the registry. */
  registered: boolean;
  status: string | null;
  statusSince: number | null;
  readonly rolling: Rolling;
  /** Absent until the first fit. */
  fits?: Fits | undefined;
  /** Absent until the first was trained. */
  models?: Models | undefined;
  /** Absent until the first was done or cancelled. */
  maintenance?: Maintenance | undefined;
  /** A sensor's; absent until its first event. */
  anomalies?: Anomalies | undefined;
  /** An ATM's; absent until its first event. */
  alerts?: AtmAlerts | undefined;
  /** An ATM's last 24 hours; absent until its first event. */
  memory?: AtmMemory | undefined;
  /** A machine's; absent until its first event. */
  bearings?: Bearings | undefined;
  /** A machine's; absent until it was described. */
  plant?: Plant | undefined;
  /** Of a machine's latest messages (`remembered_ids.ts`); absent until one had an id. */
  ids?: string | undefined;
}
