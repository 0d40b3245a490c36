/** Runs `left_running.ts` as `./telltale test` runs the tests. */
import { runTests } from "../../commands/test_run.ts";

const script = new URL("./left_running.ts", import.meta.url).pathname;
Deno.exit(await runTests(["run", "--allow-all", "--quiet", script]));
