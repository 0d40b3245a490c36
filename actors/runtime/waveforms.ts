/**
 * Machines' readings that come with raw samples, before their actors are told: the samples are
 * analysed on threads of their own and put aside, and what they tell takes their place.
 *
 * So an actor decides by numbers, in microseconds, and folding the log again needs no samples. They
 * are kept before the event that names them is: a crash in between leaves samples nobody names,
 * never a name without samples.
 */
import type { BusMessage } from "../../events/bus/follower.ts";
import { parseSubject } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { forgetOldWaveforms, keepWaveforms } from "../../events/log/waveforms.ts";
import { parseMessage } from "../../events/messages.ts";
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
  /** By their first message: pieces that are ready, or being made ready. */
  const pieces = new WeakMap<BusMessage, Promise<readonly BusMessage[]>>();

  /** All threads have work while the piece before is decided and written. */
  function begin(messages: readonly BusMessage[], actors: Registry): void {
    const analyses = analyseAll(analyst, messages, actors, log);
    let before: Promise<unknown> = Promise.resolve();
    for (const [from, to] of cut(messages)) {
      const piece = before.then(() => finish(messages.slice(from, to), analyses.slice(from, to)));
      // Whoever takes the piece learns of it; nobody may, if reading ends before.
      piece.catch(() => {});
      pieces.set(messages[from] as BusMessage, piece);
      before = piece;
    }
  }

  async function finish(
    piece: readonly BusMessage[],
    analyses: readonly (Promise<Found | undefined> | undefined)[],
  ): Promise<readonly BusMessage[]> {
    const found = await Promise.all(analyses);
    const kept = found.filter((one) => one !== undefined);
    await keepWaveforms(
      sql,
      kept.map(({ stream, analysed: { waveform } }) => ({ stream, waveform })),
    );
    return piece.map((message, i) => {
      const analysed = found[i]?.analysed;
      if (analysed === undefined) return message;
      return { ...message, payload: new TextEncoder().encode(JSON.stringify(analysed.reading)) };
    });
  }

  return {
    async prepare(messages, actors) {
      const [first] = messages;
      if (first === undefined || !messages.some(isRaw)) return messages;
      if (!pieces.has(first)) begin(messages, actors);
      return await pieces.get(first) ?? messages;
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
  return namesSamples(payload);
}

const RAW_DATA = new TextEncoder().encode('"rawData"');
/** By a byte: how far behind it the last byte of RAW_DATA may stand, if it is part of that. */
const AHEAD = new Uint8Array(256).fill(RAW_DATA.length);
RAW_DATA.subarray(0, -1).forEach((byte, i) => AHEAD[byte] = RAW_DATA.length - 1 - i);

/**
 * Most readings have no samples and are short: a call out of JavaScript takes 25 times as long as to
 * look at every ninth byte (Horspool 1980).
 */
function namesSamples(payload: Uint8Array): boolean {
  const last = RAW_DATA.length - 1;
  for (let end = last; end < payload.length; end += AHEAD[payload[end] as number] as number) {
    let same = 0;
    while (same <= last && payload[end - same] === RAW_DATA[last - same]) same++;
    if (same > last) return true;
  }
  return false;
}

/** Ends of pieces that hold so many waveforms at most. */
function* cut(messages: readonly BusMessage[]): Generator<readonly [from: number, to: number]> {
  let from = 0;
  let raw = 0;
  for (const [i, message] of messages.entries()) {
    if (!isRaw(message)) continue;
    if (raw === RAW_AT_ONCE_MAX) {
      yield [from, i];
      from = i;
      raw = 0;
    }
    raw++;
  }
  yield [from, messages.length];
}

interface Found {
  readonly stream: string;
  readonly analysed: Analysed;
}

/**
 * In the messages' places; undefined for what has no samples, or none that can be read. What a
 * message says of its machine holds for those behind it.
 */
function analyseAll(
  analyst: Analyst,
  messages: readonly BusMessage[],
  actors: Registry,
  log: WaveformsDeps["log"],
): (Promise<Found | undefined> | undefined)[] {
  const described = new Map<string, Plant>();
  const plantOf = (stream: string): Plant | undefined => {
    const state = actors.actors.get(stream)?.state;
    return described.get(stream) ?? (state && "plant" in state ? state.plant : undefined);
  };

  return messages.map((message) => {
    const { subject, payload, timeUs } = message;
    const address = subject.startsWith(PREFIX) ? parseSubject(subject) : undefined;
    if (!address?.ok) return undefined;
    const { id, stream } = address;
    if (address.message === "registered" || address.message === "bearing") {
      const parsed = parseMessage("machine", id, address.message, payload, timeUs / 1000);
      if (!parsed.ok) return undefined;
      const plant = structuredClone(plantOf(stream) ?? unknownPlant());
      notePlant(plant, address.message, parsed.input.data);
      described.set(stream, plant);
      return undefined;
    }
    return isRaw(message) ? analyse(stream, id, message) : undefined;
  });

  async function analyse(
    stream: string,
    id: string,
    { payload, timeUs }: BusMessage,
  ): Promise<Found | undefined> {
    const circumstances = circumstancesOf(plantOf(stream), bearingIn(payload));
    try {
      const receivedAt = timeUs / 1000;
      const analysed = await analyst.message({ id, payload, receivedAt, circumstances });
      return analysed && { stream, analysed };
    } catch (error) {
      // What was measured is kept as it came; a mistake of ours must not stop the partition.
      log("warn", "a waveform could not be analysed", { stream, problem: String(error) });
      return undefined;
    }
  }
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
