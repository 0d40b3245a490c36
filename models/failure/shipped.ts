/**
 * The failure model that comes with Telltale, so that something is foretold from the first day. It
 * was trained on simulated ATMs and knows nothing of anybody's own; `./telltale train failure
 * --simulated --out models/failure/default.onnx` makes the same bytes again.
 */
import { sha256Of } from "../sha256.ts";
import type { Incumbent } from "./candidate.ts";

export async function readShippedModel(): Promise<Incumbent> {
  const onnx = await Deno.readFile(new URL("./default.onnx", import.meta.url));
  return { sha256: await sha256Of(onnx), onnx };
}
