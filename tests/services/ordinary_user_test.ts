/** Everything as somebody who is not root and has no home: possible to try where we are root. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { provideBroker, provideDatabase } from "../../services/mod.ts";
import { end, run } from "../../services/process.ts";
import { freePort, removeFolder, temporaryFolder } from "../support/servers.ts";

const NOBODY = { uid: 65534, gid: 65534 };
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const ignore = Deno.uid() !== 0 || !await reachable();
if (ignore) {
  console.warn("Not root, or in a folder only root can reach: skipped as an ordinary user");
}

Deno.test({
  name: "an ordinary user without a home runs both servers, and root takes them over",
  ignore,
  async fn() {
    const folder = await temporaryFolder();
    const dataDir = `${folder}/data`;
    const natsPort = freePort();
    await Deno.mkdir(dataDir);
    await Deno.chown(dataDir, NOBODY.uid, NOBODY.gid);

    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", `${ROOT}tests/services/holder.ts`, dataDir, `${natsPort}`],
      cwd: "/",
      env: { HOME: "/nonexistent", DENO_DIR: await packagesFor(folder) },
      stdout: "piped",
      ...NOBODY,
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const pids = JSON.parse(new TextDecoder().decode(value));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    for (const pid of [pids.postgres, pids.nats]) {
      assert.equal(await run("/bin/sh", ["-c", 'stat -c %u "/proc/$0"', `${pid}`]), "65534");
    }

    const database = await provideDatabase({ dataDir, databaseUrl: undefined });
    const broker = await provideBroker({ dataDir, natsUrl: undefined, natsPort });
    assert.deepEqual([database.adopted, broker.adopted], [true, true]);
    await broker.stop();
    await database.stop();
    // Started once more, by root: the folder stays its owner's.
    await (await provideDatabase({ dataDir, databaseUrl: undefined })).stop();
    assert.equal((await Deno.stat(`${dataDir}/postgres/cluster/PG_VERSION`)).uid, NOBODY.uid);
    await end(pids.nats, [{ signal: "SIGKILL", waitMs: 1_000 }]);
    await removeFolder(folder);
  },
});

/** Root's packages as second names of the same files, in folders that belong to nobody. */
async function packagesFor(folder: string): Promise<string> {
  const info = JSON.parse(await run(Deno.execPath(), ["info", "--json"]));
  const copy = `${folder}/packages`;
  await run("/bin/sh", [
    "-c",
    'cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1"; cp -a "$0" "$1"; }; find "$1" -type d -exec chown 65534:65534 {} +',
    info.denoDir,
    copy,
  ]);
  return copy;
}

async function reachable(): Promise<boolean> {
  try {
    await run(
      "/bin/sh",
      ["-c", 'test -r "$0/main.ts" && test -x "$1"', ROOT, Deno.execPath()],
      NOBODY,
    );
    return true;
  } catch {
    return false;
  }
}
