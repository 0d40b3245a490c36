/** `./telltale check`: what has to be in order before a change is merged, apart from the tests. */
import { type Command, UserError } from "./command.ts";
import { ROOT, runDeno } from "./deno.ts";
import { UsageError } from "./usage.ts";

const STEPS = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "types", args: ["check", "."] },
];

export const command: Command = {
  summary: "check formatting, lint and types",
  help: `Usage: ./telltale check

Runs deno fmt --check, deno lint and deno check over the project, all three even when one fails.

Exit codes: 0 all in order; 1 something is not; 2 wrong usage`,

  async run(args) {
    if (args.length > 0) throw new UsageError(`Cannot use "${args[0]}": check takes no arguments`);
    const failed: string[] = [];
    for (const step of STEPS) {
      if (await runDeno(step.args, ROOT) !== 0) failed.push(step.name);
    }
    if (failed.length > 0) throw new UserError(`Not in order: ${failed.join(", ")}`);
    return 0;
  },
};
