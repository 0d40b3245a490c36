/** Chance in the fault tests: printed, so that what failed can be tried again. */
import { createRandom, type Random } from "../../simulator/random.ts";

const encoder = new TextEncoder();

/** TELLTALE_SEED repeats a run as far as the operating system lets it be repeated. */
export function seeded(test: string): Random {
  const seed = Deno.env.get("TELLTALE_SEED") ?? String(Math.floor(Math.random() * 1e9));
  tell(`${test}: TELLTALE_SEED=${seed}`);
  return createRandom(`${test} ${seed}`);
}

/** How often to try: TELLTALE_ROUNDS, or a few where the whole suite has to end soon. */
export function rounds(few: number): number {
  const text = Deno.env.get("TELLTALE_ROUNDS");
  if (text === undefined) return few;
  const given = Number(text);
  if (!Number.isInteger(given) || given < 1) {
    throw new Error(`Cannot use TELLTALE_ROUNDS="${text}": expected a whole number, 1 or more`);
  }
  return given;
}

/** Deno captures the output of passing tests; this must be seen in any case. */
export function tell(text: string): void {
  Deno.stderr.writeSync(encoder.encode(`${text}\n`));
}
