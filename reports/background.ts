/** Work that is long, and that nobody waits for: where processors are few the ingest goes first. */
import { setPriority } from "node:os";

/** A third of the weight of the ingest where both want a processor; alone on it, as fast as any. */
const BACKGROUND = 5;

/** Of the thread it is called on. Linux gives threads priorities; elsewhere all of Telltale would slow down. */
export function workInBackground(): void {
  if (Deno.build.os === "linux") setPriority(0, BACKGROUND);
}
