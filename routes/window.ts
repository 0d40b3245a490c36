/** A stretch of time in a query: `from` and `to`, each with an honest default. */
import { invalid } from "./problem.ts";
import { InstantQuery } from "./schemas.ts";

/** The query of `windowOf`; `length` says what it is by default, as in "A day". */
export function WindowQuery(length: string): WindowFields {
  return {
    from: InstantQuery.optional().openapi({ description: `${length} before \`to\` by default.` }),
    to: InstantQuery.optional().openapi({ description: "Now by default." }),
  };
}

type Moment = ReturnType<typeof InstantQuery.optional>;
interface WindowFields {
  readonly from: Moment;
  readonly to: Moment;
}

export interface Window {
  /** Epoch ms, [from, to). */
  readonly from: number;
  readonly to: number;
}

interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Throws ProblemError where nothing can lie in [from, to). */
export function refuseEmpty({ from, to }: Span): void {
  if (from === undefined || to === undefined || from < to) return;
  throw invalid("query", "from", "expected a moment before `to`");
}

/** Ends now and is `lengthMs` long unless the query says otherwise; never empty. */
export function windowOf(
  query: Span,
  now: number,
  lengthMs: number,
): Window {
  const to = query.to ?? (query.from === undefined ? now : Math.max(now, query.from + 1));
  const from = query.from ?? to - lengthMs;
  refuseEmpty({ from, to });
  return { from, to };
}
