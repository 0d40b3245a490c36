/**
 * Whoever asks a second time does not want to wait: every server that Telltale has under its care,
 * also one that is only just starting, ends without finishing anything. What was acknowledged is on
 * disk; the next start reads it back.
 */
import { exited, signal } from "./process.ts";

const inCare = new Map<number, Deno.Signal>();
let ending = false;

/** The signal on which this server ends quickly, and still leaves nothing of itself behind. */
export function takeCareOf(pid: number, quick: Deno.Signal): void {
  inCare.set(pid, quick);
  // Started by somebody who has not heard yet.
  if (ending) signal(pid, quick);
}

/** It has ended; its number may soon be somebody else's. */
export function letGoOf(pid: number): void {
  inCare.delete(pid);
}

/** Ends them all, by force what is still there after that time. For the last act of a process. */
export async function endAllAtOnce(withinMs: number): Promise<void> {
  ending = true;
  for (const [pid, quick] of inCare) signal(pid, quick);
  await Promise.all([...inCare.keys()].map((pid) => exited(pid, withinMs)));
  for (const pid of inCare.keys()) signal(pid, "SIGKILL");
}
