/** What `./telltale replay` is asked to tell, read and checked. */
import { momentOf, parseArguments } from "./arguments.ts";
import { UsageError } from "./usage.ts";

export const REPLAY_HELP = `Usage: ./telltale replay --stream <kind>-<id> [options]

Prints the story of one device, an event a line, and then its state: the fold of those events by
the very rules that decided them. Works while Telltale runs, and when it does not.

Options
  --stream NAME       whose story: atm-ATM-0042, store-9999, system-partition-0
  --to INSTANT        as it was known at this moment: everything *recorded* by then, by our clock
                      (ISO 8601; UTC where it names no zone)
  --from-version N    leave out the events before this version; the state still holds them
  --limit N           print only the last N events
  --json              an event a line as JSON, then the state as a last line

Examples
  ./telltale replay --stream atm-ATM-0042
  ./telltale replay --stream atm-ATM-0042 --to 2026-03-01T12:00:00Z --limit 20

Exit codes: 0 told; 1 there is no such stream, or nothing of it by then; 2 wrong usage;
130 interrupted`;

export interface Replay {
  readonly stream: string;
  /** Epoch ms; Infinity for the present. */
  readonly to: number;
  readonly fromVersion: number;
  readonly limit: number;
  readonly json: boolean;
}

export function readReplay(args: readonly string[]): Replay {
  const text = { type: "string" } as const;
  const { values } = parseArguments(args, {
    options: {
      stream: text,
      to: text,
      "from-version": text,
      limit: text,
      json: { type: "boolean" },
    },
  });
  if (values.stream === undefined) {
    throw new UsageError("Say whose story to tell: --stream <kind>-<id>, as in atm-ATM-0042");
  }
  return {
    stream: values.stream,
    to: values.to === undefined ? Infinity : momentOf("--to", values.to),
    fromVersion: readNumber("from-version", values["from-version"], 0),
    limit: readNumber("limit", values.limit, Infinity),
    json: values.json ?? false,
  };
}

function readNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,15}$/.test(text)) {
    throw new UsageError(`Cannot read --${name} "${text}": expected a whole number, 0 or more`);
  }
  return Number(text);
}
