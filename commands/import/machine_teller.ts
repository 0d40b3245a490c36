/**
 * Tells the running Telltale what a source says of machines, and only what it does not know yet.
 */
import { subjectOf } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { keepWaveforms } from "../../events/log/waveforms.ts";
import { parseMessage, PAYLOAD_BYTES_MAX } from "../../events/messages.ts";
import { type Json, streamOf } from "../../events/vocabulary.ts";
import { createAnalyst } from "../../models/waveforms/analyst.ts";
import { circumstancesOf, getBearing } from "../../projections/bearings.ts";
import { getDevice } from "../../projections/devices.ts";
import { knownReadings } from "../../projections/vibration.ts";
import {
  bearingId,
  isKnown,
  machineId,
  withoutForeignStatus,
  WrongRowError,
} from "./machine_rows.ts";
import type { Sender } from "./sender.ts";

export interface MachineCounts {
  /** Machines and bearings that are new, or described otherwise than before. */
  described: number;
  /** New readings. */
  readings: number;
  /** Readings the log has already. */
  known: number;
}

export interface MachineTeller {
  /** Each throws WrongRowError for a row that cannot be told. */
  machine(row: Json): Promise<void>;
  bearing(machine: string, row: Json): Promise<void>;
  /** A reading of this id, of a machine and a bearing; with or without samples. */
  reading(id: string, machine: string, reading: Json): Promise<void>;
  readonly counts: Readonly<MachineCounts>;
  stop(): void;
}

export function createMachineTeller(sql: Sql, sender: Sender): MachineTeller {
  const counts: MachineCounts = { described: 0, readings: 0, known: 0 };
  const told = new Set<string>();
  const analyst = createAnalyst(1);

  /** Said once in this run, and not at all where it is known. */
  async function describe(
    machine: string,
    message: "registered" | "bearing",
    row: Json,
    known: Json | null | undefined,
  ): Promise<void> {
    const described = withoutForeignStatus(row);
    const text = JSON.stringify(described);
    check(machine, message, text);
    if (isKnown(described, known) || !isNew(`${machine} ${message} ${text}`)) return;
    await sender.send({ subject: subjectOf("machine", machine, message), text });
    counts.described++;
  }

  function isNew(key: string): boolean {
    if (told.has(key)) return false;
    told.add(key);
    return true;
  }

  return {
    async machine(row) {
      const id = machineId(row);
      const known = await getDevice(sql, "machine", id);
      const { attributes, name, region, location } = known ?? {};
      await describe(id, "registered", row, { ...attributes, name, region, location });
    },
    async bearing(machine, row) {
      const known = await getBearing(sql, machine, bearingId(row));
      await describe(machine, "bearing", row, known?.description);
    },
    async reading(id, machine, reading) {
      if (!isNew(`${machine} ${id}`) || (await knownReadings(sql, machine, [id])).has(id)) {
        counts.known++;
        return;
      }
      const whole: Json = { ...reading, _id: id, machineId: machine };
      let text = JSON.stringify(whole);
      if (text.length > PAYLOAD_BYTES_MAX) text = await withoutSamples(machine, whole, text);
      check(machine, "reading", text);
      await sender.send({ subject: subjectOf("machine", machine, "reading"), text });
      counts.readings++;
    },
    counts,
    stop: () => analyst.stop(),
  };

  /** Too long for a message: analysed here, as one that is posted is. */
  async function withoutSamples(machine: string, reading: Json, text: string): Promise<string> {
    const bearing = typeof reading.bearingId === "string" ? reading.bearingId : "";
    const circumstances = await circumstancesOf(sql, machine, bearing);
    const body = new TextEncoder().encode(text);
    const analysed = await analyst.posted({ body, binary: false, reading: {}, circumstances });
    if (typeof analysed === "string") throw new WrongRowError(analysed);
    const { waveform } = analysed;
    await keepWaveforms(sql, [{ stream: streamOf("machine", machine), waveform }]);
    return JSON.stringify(analysed.reading);
  }
}

/** By the code that reads it on the other side: who imports is told at once what is wrong. */
function check(machine: string, message: string, text: string): void {
  const payload = new TextEncoder().encode(text);
  const parsed = parseMessage("machine", machine, message, payload, Date.now());
  if (!parsed.ok) throw new WrongRowError(parsed.reason);
}
