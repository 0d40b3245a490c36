/** Whether what a report reads holds what the report must include. */
import { availability } from "../projections/availability.ts";
import type { Projection } from "../projections/projection.ts";
import type { Projector } from "../projections/projector.ts";
import { schedules } from "../projections/schedules.ts";
import { ReportError } from "./files.ts";

/** The read models that reports are made from; no report waits for any other. */
export const READ_BY_REPORTS: readonly Projection[] = [availability, schedules].map((projection) =>
  projection as Projection
);
const NAMES = READ_BY_REPORTS.map(({ name }) => name);

/**
 * True once they have reached these offsets. Throws ReportError where one of them has stopped: what
 * it holds is old, and a report of it would be wrong without a word.
 */
export async function caughtUp(
  projector: Pick<Projector, "waitFor" | "errors">,
  offsets: ReadonlyMap<number, number>,
  timeoutMs: number,
): Promise<boolean> {
  const reached = await projector.waitFor(offsets, timeoutMs, NAMES);
  const stopped = NAMES.find((name) => projector.errors().has(name));
  if (stopped !== undefined) {
    throw new ReportError(`The read model "${stopped}" has stopped; it has to be rebuilt first`);
  }
  return reached;
}
