/** Runs ONNX files with onnxruntime on WebAssembly, on the thread it is called from. */
import { restoreWorker } from "./web_worker.ts"; // Before the package.
import * as ort from "onnxruntime-web";

restoreWorker();
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** Rows of numbers, all of one shape, one after the other. */
export interface Batch {
  readonly values: Float64Array | Float32Array;
  readonly shape: readonly number[];
}

export interface Session {
  /** One run of the graph over a batch. */
  run(input: string, batch: Batch, output: string): Promise<Float64Array | Float32Array>;
  release(): Promise<void>;
}

export async function openSession(onnx: Uint8Array): Promise<Session> {
  const session = await ort.InferenceSession.create(onnx, { executionProviders: ["wasm"] });
  restoreWorker();
  return {
    async run(input, { values, shape }, output) {
      const tensor = values instanceof Float64Array
        ? new ort.Tensor("float64", values, shape)
        : new ort.Tensor("float32", values, shape);
      const answers = await session.run({ [input]: tensor }, [output]);
      return answers[output]?.data as Float64Array | Float32Array;
    },
    release: () => session.release(),
  };
}
