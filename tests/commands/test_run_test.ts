/** Tests that are interrupted leave no server and no folder behind. */
import assert from "node:assert/strict";
import { exited } from "../../services/process.ts";
import { leftBehind } from "../support/telltale.ts";

for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`after ${name} no server of the tests runs any more, and their folder is gone`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--quiet",
        new URL("./run_left_running.ts", import.meta.url).pathname,
      ],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("\n")) {
      const { value, done } = await reader.read();
      assert.equal(done, false, "it ended before it was interrupted");
      said += value;
    }
    const folder = said.trim().replace("working in ", "");
    const places = (await Array.fromAsync(Deno.readDir(folder)))
      .map((entry) => `${folder}/${entry.name}`);
    const pids = (await Promise.all(places.map(leftBehind))).flat();
    assert.equal(pids.length, 2);

    child.kill(name);
    const { code } = await child.status;
    await reader.cancel();
    assert.notEqual(code, 0);
    await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
    for (const pid of pids) assert.equal(await exited(pid, 1_000), true, `${pid} still runs`);
  });
}
