/** The thread models are run on, so that deciding and writing do not wait for them. */
import { messageOf } from "../../events/errors.ts";
import type { Forecaster } from "./scoring.ts";

export type ToServing =
  | { readonly type: "load"; readonly model: string; readonly onnx: Uint8Array }
  | { readonly type: "unload"; readonly model: string }
  /** Windows one after the other, per model. */
  | {
    readonly type: "foretell";
    readonly id: number;
    readonly models: readonly string[];
    readonly windows: readonly Float64Array[];
  };

/** What follows each window; or, of a model that cannot say, why. */
export interface FromServing {
  readonly id: number;
  readonly answers: readonly (Float64Array | { readonly problem: string })[];
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToServing>) => void;
  postMessage(message: FromServing): void;
};

const forecasters = new Map<string, Promise<Forecaster>>();
let queue: Promise<void> = Promise.resolve();

thread.onmessage = ({ data }) => {
  queue = queue.then(() => handle(data));
};

async function handle(message: ToServing): Promise<void> {
  if (message.type === "foretell") return await foretell(message);
  const { model } = message;
  const old = forecasters.get(model);
  forecasters.delete(model);
  if (message.type === "load") {
    const { onnx } = message;
    // Not before: what is sent while the package loads would be lost.
    const opening = import("./scoring.ts").then(({ openForecaster }) => openForecaster(onnx));
    opening.catch(() => {}); // Whoever asks it is told.
    forecasters.set(model, opening);
  }
  await old?.then((forecaster) => forecaster.close()).catch(() => {});
}

/** One model after the other: one that is broken keeps no other from answering. */
async function foretell(
  { id, models, windows }: Extract<ToServing, { type: "foretell" }>,
): Promise<void> {
  const answers: FromServing["answers"][number][] = [];
  for (const [i, model] of models.entries()) {
    try {
      const forecaster = await forecasters.get(model);
      if (forecaster === undefined) throw new Error("it was unloaded meanwhile");
      answers.push(await forecaster.foretell(windows[i] ?? new Float64Array()));
    } catch (error) {
      answers.push({ problem: messageOf(error) });
    }
  }
  thread.postMessage({ id, answers });
}
