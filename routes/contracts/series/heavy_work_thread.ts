/** The other side of `heavy_work.ts`. */
import { textOf } from "../../body.ts";
import { ProblemError } from "../../problem.ts";
import { readFit } from "./fit_body.ts";
import type { Done, Task } from "./heavy_work.ts";

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
    const message = error instanceof Error ? error.message : String(error);
    return error instanceof ProblemError
      ? { ok: false, status: error.status, code: error.code, message }
      : { ok: false, status: undefined, code: "", message };
  }
}

async function perform(task: Task): Promise<unknown> {
  if (task.type === "readFit") return readFit(textOf(task.body));
  // The drawing library is large, and most threads only read.
  const { drawPng, drawSvg } = await import("./chart.ts");
  return task.png ? await drawPng(task.drawing) : drawSvg(task.drawing);
}
