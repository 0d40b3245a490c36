/** The other side of `analyst.ts`. */
import { messageOf } from "../../events/errors.ts";
import { MachineReading } from "../../events/machine.ts";
import { parseMessage } from "../../events/messages.ts";
import type { Json } from "../../events/vocabulary.ts";
import { waveformIn } from "../../events/waveform.ts";
import { performTasks } from "../task_threads.ts";
import type { Task } from "./analyst.ts";
import { type Analysed, analyseReading, envelopeOfPacked, spectrumOfPacked } from "./reading.ts";

performTasks(perform, messageOf);

async function perform(task: Task): Promise<unknown> {
  if (task.type === "spectrum") return spectrumOfPacked(task.packed);
  if (task.type === "envelope") return envelopeOfPacked(task.packed, task.rpm, task.geometry);
  if (task.type === "posted") return await readPosted(task);
  const { circumstances } = task;
  // What cannot be read is left as it is: who takes it in says why, and sets it aside.
  const parsed = parseMessage("machine", task.id, "reading", task.payload, task.receivedAt);
  const waveform = parsed.ok ? waveformIn(parsed.input.data) : undefined;
  if (!parsed.ok || waveform === undefined) return undefined;
  return await analyseReading(parsed.input.data, waveform, circumstances);
}

async function readPosted(
  { body, binary, reading, circumstances }: Extract<Task, { type: "posted" }>,
): Promise<Analysed | string> {
  const said = binary ? { rawData: body.toBase64() } : readJson(body);
  if (typeof said === "string") return said;
  const whole = { ...said, ...reading };
  const checked = MachineReading.safeParse(whole);
  if (!checked.success) {
    return checked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join(
      "; ",
    );
  }
  const waveform = waveformIn(whole);
  if (waveform === undefined) return "rawData: expected samples";
  return await analyseReading(whole, waveform, circumstances);
}

function readJson(body: Uint8Array): Json | string {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    return "The body is JSON, but no object";
  } catch (error) {
    return `The body is not JSON: ${(error as Error).message}`;
  }
}
