/** The command line from outside, through the launcher. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeFolder, temporaryFolder } from "../support/servers.ts";

const LAUNCHER = fileURLToPath(new URL("../../telltale", import.meta.url));

async function telltale(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; path?: string } = {},
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(options.path ?? LAUNCHER, {
    args: [...args],
    cwd: options.cwd ?? "/",
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("help lists the commands, and each command explains itself", async () => {
  const { code, out } = await telltale(["help"]);
  assert.equal(code, 0);
  const names = [...out.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = ""]) => name);
  assert.ok(names.includes("start"));
  for (const name of names) {
    const { code, out } = await telltale([name, "--help"]);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: ./telltale ${name}`));
  }
});

Deno.test("a mistyped command is answered with the nearest one", async () => {
  assert.deepEqual(await telltale(["strat"]), {
    code: 2,
    out: "",
    err: 'telltale: Unknown command "strat": did you mean "start"?\n',
  });
});

Deno.test("whoever stops reading is told of no error", async () => {
  const script = `{ "$0" help; echo "ended with $?" >&2; } | true`;
  const { stderr } = await new Deno.Command("sh", { args: ["-c", script, LAUNCHER] }).output();
  assert.equal(new TextDecoder().decode(stderr), "ended with 141\n");
});

Deno.test("wrong variables are named, one line each, before anything is started", async () => {
  const { code, err } = await telltale(["start"], { env: { PORT: "http", LOG_LEVEL: "loud" } });
  assert.equal(code, 1);
  assert.deepEqual(err.trim().split("\n"), [
    'telltale: Cannot use PORT="http": expected a port, 1 to 65535',
    'telltale: Cannot use LOG_LEVEL="loud": expected debug, info, warn or error',
  ]);
});

Deno.test("the launcher works from another folder and through a link", async () => {
  const folder = await temporaryFolder();
  await Deno.symlink(LAUNCHER, join(folder, "one"));
  await Deno.symlink("one", join(folder, "two"));
  const { code, out } = await telltale(["help", "check"], { cwd: folder, path: "./two" });
  assert.equal(code, 0);
  assert.match(out, /^Usage: .\/telltale check/);
  await removeFolder(folder);
});
