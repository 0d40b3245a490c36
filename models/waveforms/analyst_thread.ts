/** The other side of `analyst.ts`. */
import { parseMessage } from "../../events/messages.ts";
import { waveformIn } from "../../events/waveform.ts";
import type { Done, Task } from "./analyst.ts";
import { analyseReading, spectrumOfPacked } from "./reading.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<Task>) => void;
  postMessage(message: Done): void;
};

let queue: Promise<void> = Promise.resolve();

thread.onmessage = ({ data }) => {
  queue = queue.then(async () => thread.postMessage(await attempt(data)));
};

async function attempt(task: Task): Promise<Done> {
  try {
    return { ok: true, result: await perform(task) };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function perform(task: Task): Promise<unknown> {
  if (task.type === "spectrum") return spectrumOfPacked(task.packed);
  const { circumstances } = task;
  if (task.type === "reading") {
    return await analyseReading(task.reading, task.waveform, circumstances);
  }
  // What cannot be read is left as it is: who takes it in says why, and sets it aside.
  const parsed = parseMessage("machine", task.id, "reading", task.payload, task.receivedAt);
  const waveform = parsed.ok ? waveformIn(parsed.input.data) : undefined;
  if (!parsed.ok || waveform === undefined) return undefined;
  return await analyseReading(parsed.input.data, waveform, circumstances);
}
