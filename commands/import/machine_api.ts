/**
 * A plant's own server, asked for machines, their bearings and what was measured. Its troubles are
 * ordinary: each question has a deadline, and is asked again a few times, later each time.
 */
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "../../events/errors.ts";
import type { Json } from "../../events/vocabulary.ts";

/** The source did not answer as it should, however often it was asked. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

export const AXES = ["A-Axis", "H-Axis", "V-Axis"] as const;
export const TYPES = ["OFFLINE", "ONLINE"] as const;

export interface MachineApi {
  /** Machines that the source has for a date. */
  machines(date: string): Promise<Json[]>;
  bearings(machineId: string): Promise<Json[]>;
  /** What was measured; undefined where nothing was. */
  data(
    machineId: string,
    bearingId: string,
    axis: string,
    type: string,
  ): Promise<Json | undefined>;
}

export interface MachineApiOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const ATTEMPTS = 4;
const RETRY_FIRST_MS = 250;
const BODY_BYTES_MAX = 64 * 1024 * 1024;

export function openMachineApi(
  base: string,
  { timeoutMs, signal }: MachineApiOptions,
): MachineApi {
  const root = base.replace(/\/+$/, "");

  async function ask(path: string, body?: Json): Promise<unknown> {
    let problem = "";
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await pause(RETRY_FIRST_MS * 4 ** (attempt - 1), signal);
      try {
        const answer = await once(path, body);
        if (answer.ok) return answer.value;
        problem = answer.problem;
        if (!answer.again) break;
      } catch (error) {
        signal.throwIfAborted();
        problem = messageOf(error);
      }
    }
    throw new SourceError(`${body === undefined ? "GET" : "POST"} ${path}: ${problem}`);
  }

  async function once(path: string, body: Json | undefined): Promise<Answer> {
    const response = await fetch(root + path, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(body === undefined ? {} : {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    const text = await readText(response);
    const { status } = response;
    if (status === 404 || status === 204) return { ok: true, value: undefined };
    if (!response.ok) {
      const again = status >= 500 || status === 429 || status === 408;
      return { ok: false, problem: `it answered ${status}`, again };
    }
    try {
      return { ok: true, value: JSON.parse(text) };
    } catch {
      return { ok: false, problem: `its answer is not JSON: ${text.slice(0, 40)}`, again: true };
    }
  }

  return {
    machines: async (date) => listIn(await ask("/Machine", { date }), "/Machine"),
    bearings: async (machineId) =>
      listIn(await ask(`/Bearing?machineId=${encodeURIComponent(machineId)}`), "/Bearing"),
    async data(machineId, bearingLocationId, axis, type) {
      const question = { machineId, bearingLocationId, Axis_Id: axis, type, Analytics_Types: "MF" };
      const answer = await ask("/Data", question);
      const found = Array.isArray(answer) ? answer[0] : inner(answer);
      if (found === undefined || found === null) return undefined;
      if (typeof found === "object" && !Array.isArray(found)) {
        const { rawData } = found as Json;
        return Array.isArray(rawData) && rawData.length > 0 ? found as Json : undefined;
      }
      throw new SourceError("POST /Data: expected an object with rawData");
    },
  };
}

type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string; readonly again: boolean };

async function readText(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > BODY_BYTES_MAX) throw new SourceError("its answer is larger than 64 MiB");
  }
  return text + decoder.decode();
}

/** Some servers put what they say into an envelope. */
function inner(answer: unknown): unknown {
  const envelope = answer as Json | null | undefined;
  return typeof envelope?.data === "object" ? envelope.data : answer;
}

function listIn(answer: unknown, path: string): Json[] {
  const list = inner(answer) ?? [];
  if (Array.isArray(list) && list.every((row) => typeof row === "object" && row !== null)) {
    return list;
  }
  throw new SourceError(`${path}: expected an array of objects`);
}

/** The same moment for all would be another burst. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms * (0.75 + Math.random() / 2), undefined, { signal });
}
