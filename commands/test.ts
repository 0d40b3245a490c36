/** `./telltale test`: the whole test suite, against real servers that the tests start themselves. */
import type { Command } from "./command.ts";
import { ROOT } from "./deno.ts";
import { runTests } from "./test_run.ts";
import { UsageError } from "./usage.ts";

export const command: Command = {
  summary: "run the tests; they start the servers they need themselves",
  help: `Usage: ./telltale test [part of a path …] [options of deno test]

Runs tests/, or those of its files whose path contains one of the given words. What begins with
"--" is handed to deno test. Nothing outside temporary folders and free ports is touched, and
nothing is left behind, after Ctrl-C neither.

Examples
  ./telltale test                      everything
  ./telltale test services actors/atm  the files with these in their path
  ./telltale test -- --filter silence  the tests with that in their name

Environment
  TELLTALE_TEST_DATABASE_URL  run the tests of the database on this server, not one of their own

Exit codes: 0 all passed; 1 some failed; 2 wrong usage`,

  async run(args) {
    // After "--" all belongs to deno test, also what only follows an option.
    const dashes = args.indexOf("--");
    const ours = dashes < 0 ? args : args.slice(0, dashes);
    const theirs = dashes < 0 ? [] : args.slice(dashes + 1);
    const words = ours.filter((argument) => !argument.startsWith("-"));
    const options = ours.filter((argument) => argument.startsWith("-"));
    const files = words.length === 0 ? ["tests/"] : await filesWith(words);
    return await runTests(["test", "--allow-all", "--quiet", ...options, ...theirs, ...files]);
  },
};

async function filesWith(words: readonly string[]): Promise<string[]> {
  const files = (await Array.fromAsync(testFiles("tests")))
    .filter((path) => words.some((word) => path.includes(word)));
  if (files.length > 0) return files.toSorted();
  throw new UsageError(`Cannot find a test file with "${words.join('" or "')}" in its path`);
}

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}
