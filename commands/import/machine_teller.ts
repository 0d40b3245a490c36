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
  /** Sends what was held back to be asked for together. */
  finish(): Promise<void>;
  readonly counts: Readonly<MachineCounts>;
  stop(): void;
}

/** Readings of which the log is asked at once whether it has them. */
const ASKED_AT_ONCE = 500;
const CHARACTERS_AT_ONCE = 4 * 1024 * 1024;

interface Held {
  readonly id: string;
  readonly machine: string;
  readonly text: string;
}

export function createMachineTeller(sql: Sql, sender: Sender): MachineTeller {
  const counts: MachineCounts = { described: 0, readings: 0, known: 0 };
  const told = new Set<string>();
  const analyst = createAnalyst(1);
  let held: Held[] = [];
  let characters = 0;

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
      const whole: Json = { ...reading, _id: id, machineId: machine };
      const text = JSON.stringify(whole);
      const isLong = text.length > PAYLOAD_BYTES_MAX;
      if (!isLong) check(machine, "reading", text);
      if (!isNew(`${machine} ${id}`)) {
        counts.known++;
      } else if (isLong) {
        if ((await knownReadings(sql, machine, [id])).has(id)) counts.known++;
        else await sendReading(machine, await withoutSamples(machine, whole, text));
      } else {
        held.push({ id, machine, text });
        characters += text.length;
        if (held.length >= ASKED_AT_ONCE || characters > CHARACTERS_AT_ONCE) await sendHeld();
      }
    },
    finish: sendHeld,
    counts,
    stop: () => analyst.stop(),
  };

  async function sendHeld(): Promise<void> {
    const asked = held;
    held = [];
    characters = 0;
    for (const [machine, readings] of Map.groupBy(asked, ({ machine }) => machine)) {
      const known = await knownReadings(sql, machine, readings.map(({ id }) => id));
      for (const { id, text } of readings) {
        if (known.has(id)) counts.known++;
        else await sendReading(machine, text);
      }
    }
  }

  async function sendReading(machine: string, text: string): Promise<void> {
    await sender.send({ subject: subjectOf("machine", machine, "reading"), text });
    counts.readings++;
  }

  /** Too long for a message: analysed here, as one that is posted is. */
  async function withoutSamples(machine: string, reading: Json, text: string): Promise<string> {
    const bearing = typeof reading.bearingId === "string" ? reading.bearingId : "";
    const circumstances = await circumstancesOf(sql, machine, bearing);
    const body = new TextEncoder().encode(text);
    const analysed = await analyst.posted({ body, binary: false, reading: {}, circumstances });
    if (typeof analysed === "string") throw new WrongRowError(analysed);
    const { waveform } = analysed;
    const findings = JSON.stringify(analysed.reading);
    check(machine, "reading", findings);
    await keepWaveforms(sql, [{ stream: streamOf("machine", machine), waveform }]);
    return findings;
  }
}

/** By the code that reads it on the other side: who imports is told at once what is wrong. */
function check(machine: string, message: string, text: string): void {
  const payload = new TextEncoder().encode(text);
  const parsed = parseMessage("machine", machine, message, payload, Date.now());
  if (!parsed.ok) throw new WrongRowError(parsed.reason);
}
