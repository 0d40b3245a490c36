/**
 * Machines' readings that come with raw samples, before their actors are told: the samples are
 * analysed on threads of their own and put aside, and what they tell takes their place.
 *
 * So an actor decides by numbers, in microseconds, and folding the log again needs no samples. They
 * are kept before the event that names them is: a crash in between leaves samples nobody names,
 * never a name without samples.
 */
import { Buffer } from "node:buffer";
import type { BusMessage } from "../../events/bus/follower.ts";
import { parseSubject } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { forgetOldWaveforms, keepWaveforms } from "../../events/log/waveforms.ts";
import { parseMessage } from "../../events/messages.ts";
import { streamOf } from "../../events/vocabulary.ts";
import { type Analyst, createAnalyst } from "../../models/waveforms/analyst.ts";
import type { Analysed } from "../../models/waveforms/reading.ts";
import { circumstancesOf, notePlant, type Plant, unknownPlant } from "../vibration.ts";
import type { Registry } from "./registry.ts";

/** Two cores are kept busy, and one waveform does not hold up all the others. */
const THREADS_MAX = 2;
/** So many are analysed between two commits; what came behind them waits some tens of milliseconds. */
const RAW_AT_ONCE_MAX = 64;

export interface Waveforms {
  /**
   * The first messages of these, ready to be decided: all of them, unless that are many waveforms.
   * Rejects where samples cannot be kept.
   */
  prepare(messages: readonly BusMessage[], actors: Registry): Promise<readonly BusMessage[]>;
  stop(): Promise<void>;
}

export interface WaveformsDeps {
  readonly sql: Sql;
  readonly now: () => number;
  readonly log: (level: "warn", message: string, fields?: object) => void;
}

export function startWaveforms({ sql, log, now }: WaveformsDeps): Waveforms {
  const analyst = createAnalyst(THREADS_MAX);
  const forgetting = forgetHourly({ sql, log, now });
  return {
    async prepare(messages, actors) {
      const raw: number[] = [];
      let end = 0;
      for (; end < messages.length; end++) {
        if (!isRaw(messages[end] as BusMessage)) continue;
        if (raw.length === RAW_AT_ONCE_MAX) break;
        raw.push(end);
      }
      if (raw.length === 0) return messages;
      const ready = messages.slice(0, end);
      const found = await analyseAll(analyst, ready, new Set(raw), actors, log);
      await keepWaveforms(
        sql,
        found.map(({ stream, analysed: { waveform } }) => ({ stream, waveform })),
      );
      for (const { index, analysed } of found) {
        const payload = new TextEncoder().encode(JSON.stringify(analysed.reading));
        ready[index] = { ...(ready[index] as BusMessage), payload };
      }
      return ready;
    },
    async stop() {
      analyst.stop();
      await forgetting.stop();
    },
  };
}

const HOUR_MS = 3_600_000;

/** Samples that are kept long enough are let go, some at a time. */
function forgetHourly({ sql, log, now }: WaveformsDeps): { stop(): Promise<void> } {
  let stopping = false;
  let forgetting: Promise<void> | undefined;

  async function forget(): Promise<void> {
    try {
      while (!stopping && await forgetOldWaveforms(sql, now()) > 0);
    } catch (error) {
      log("warn", "old waveforms could not be forgotten", { problem: String(error) });
    }
  }
  const timer = setInterval(() => {
    forgetting ??= forget().finally(() => forgetting = undefined);
  }, HOUR_MS);
  return {
    async stop() {
      stopping = true;
      clearInterval(timer);
      await forgetting;
    },
  };
}

const PREFIX = "devices.machine.";
const READING = ".reading";

function isRaw({ subject, payload }: BusMessage): boolean {
  if (!subject.startsWith(PREFIX) || !subject.endsWith(READING)) return false;
  const { buffer, byteOffset, length } = payload;
  return Buffer.from(buffer, byteOffset, length).includes('"rawData"');
}

interface Found {
  readonly index: number;
  readonly stream: string;
  readonly analysed: Analysed;
}

/** Those that could be read. What a message says of its machine holds for those behind it. */
async function analyseAll(
  analyst: Analyst,
  messages: readonly BusMessage[],
  raw: ReadonlySet<number>,
  actors: Registry,
  log: WaveformsDeps["log"],
): Promise<Found[]> {
  const described = new Map<string, Plant>();
  const plantOf = (stream: string) =>
    described.get(stream) ?? actors.actors.get(stream)?.state.plant;
  const analyses: Promise<Found | undefined>[] = [];

  messages.forEach((message, index) => {
    const { subject, payload, timeUs } = message;
    if (!subject.startsWith(PREFIX)) return;
    const address = parseSubject(subject);
    if (!address.ok) return;
    const { id } = address;
    const stream = streamOf("machine", id);
    if (address.message === "registered" || address.message === "bearing") {
      const parsed = parseMessage("machine", id, address.message, payload, timeUs / 1000);
      if (!parsed.ok) return;
      const plant = structuredClone(plantOf(stream) ?? unknownPlant());
      notePlant(plant, address.message, parsed.input.data);
      described.set(stream, plant);
    } else if (raw.has(index)) {
      analyses.push(analyse(index, stream, id, message));
    }
  });

  async function analyse(
    index: number,
    stream: string,
    id: string,
    { payload, timeUs }: BusMessage,
  ): Promise<Found | undefined> {
    const circumstances = circumstancesOf(plantOf(stream), bearingIn(payload));
    try {
      const receivedAt = timeUs / 1000;
      const analysed = await analyst.message({ id, payload, receivedAt, circumstances });
      return analysed && { index, stream, analysed };
    } catch (error) {
      // What was measured is kept as it came; a mistake of ours must not stop the partition.
      log("warn", "a waveform could not be analysed", { stream, problem: String(error) });
      return undefined;
    }
  }

  return (await Promise.all(analyses)).filter((found) => found !== undefined);
}

const BEARING = /"bearingId"\s*:\s*("(?:[^"\\]|\\.)*")/;

/** Without reading the samples: a thread does that. */
function bearingIn(payload: Uint8Array): string {
  const named = BEARING.exec(new TextDecoder().decode(payload))?.[1];
  try {
    return named === undefined ? "" : JSON.parse(named);
  } catch {
    return "";
  }
}
