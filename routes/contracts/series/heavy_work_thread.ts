/** The other side of `heavy_work.ts`. */
import { messageOf } from "../../../events/errors.ts";
import { performTasks } from "../../../models/task_threads.ts";
import { textOf } from "../../body.ts";
import { ProblemError } from "../../problem.ts";
import { readFit } from "./fit_body.ts";
import type { Failure, Task } from "./heavy_work.ts";

performTasks(perform, failureOf);

function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  return error instanceof ProblemError
    ? { status: error.status, code: error.code, message }
    : { status: undefined, code: "", message };
}

async function perform(task: Task): Promise<unknown> {
  if (task.type === "readFit") return readFit(textOf(task.body));
  // The drawing library is large, and most threads only read.
  const { drawPng, drawSvg } = await import("./chart.ts");
  return task.png ? await drawPng(task.drawing) : drawSvg(task.drawing);
}
