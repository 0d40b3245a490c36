/** Orders to an ATM, after which the read models show what they did. */
import type { Deps } from "../deps.ts";
import { order } from "../orders.ts";
import { ProblemError } from "../problem.ts";

export type AtmOrderDeps = Pick<Deps, "publisher" | "waitFor" | "now">;

const CAUGHT_UP_MS = 5_000;

/** Throws ProblemError: refused, or obeyed and not yet to be seen. */
export async function giveAtm(
  { publisher, waitFor, now }: AtmOrderDeps,
  id: string,
  body: { readonly command: string },
): Promise<void> {
  const { events } = await order(publisher, { kind: "atm", id, body, now: now() });
  const reached = new Map(events.map(({ partition, offset }) => [partition, offset]));
  if (await waitFor(reached, CAUGHT_UP_MS)) return;
  throw new ProblemError(
    503,
    "not-caught-up",
    "The order is obeyed and recorded, but what is shown has not caught up with it yet",
  );
}
