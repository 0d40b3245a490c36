/** Chance in the fault tests: what failed by it can be tried again. */
import { messageOf } from "../../events/errors.ts";
import { createRandom, type Random } from "../../simulator/random.ts";

/** A test that kills, fills or spoils for real. Its processes are found the way Linux shows them. */
export function faultTest(name: string, body: (random: Random) => Promise<void>): void {
  Deno.test({
    name,
    ignore: Deno.build.os !== "linux",
    async fn() {
      // TELLTALE_SEED repeats a run as far as the operating system lets it be repeated.
      const seed = Deno.env.get("TELLTALE_SEED") ?? String(Math.floor(Math.random() * 1e9));
      tell(`TELLTALE_SEED=${seed}`);
      try {
        await body(createRandom(`${name} ${seed}`));
      } catch (error) {
        throw new Error(`With TELLTALE_SEED=${seed}: ${messageOf(error)}`, { cause: error });
      }
    },
  });
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

const encoder = new TextEncoder();

export function tell(text: string): void {
  Deno.stderr.writeSync(encoder.encode(`${text}\n`));
}
