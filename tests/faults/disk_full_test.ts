/**
 * The disk is full: nobody is told that a message was taken which was not, and once there is
 * room again everything goes on by itself.
 */
import assert from "node:assert/strict";
import { removeFolder, temporaryFolder } from "../support/servers.ts";
import { pause } from "./load.ts";
import { inPlace, takenIn } from "./place.ts";
import { expectPromisesKept, withLogAtRest } from "./promises.ts";
import { faultTest, tell } from "./seed.ts";

/** Room for PostgreSQL's programs, an empty cluster, its write-ahead log, and a little more. */
const DISK_MB = 512;
const FULL_MS = 4_000;

faultTest(
  "a full disk loses nothing that was acknowledged, and is got over when there is room",
  async () => {
    const disk = await temporaryFolder();
    if (!await mount(disk)) {
      tell("skipped: a disk that can be full needs the right to mount one (root)");
      return await removeFolder(disk);
    }
    try {
      const dataDir = `${disk}/data`;
      await Deno.mkdir(dataDir);
      await inPlace(async (place) => {
        const telltale = await place.start();
        const load = await takenIn(telltale, 300, {
          async meanwhile(load) {
            await load.reach(300);
            await fill(`${disk}/ballast`);
            await pause(FULL_MS);
            await Deno.remove(`${disk}/ballast`);
          },
        });
        assert.equal(await telltale.stop(), 0);
        await withLogAtRest(place, (sql) => expectPromisesKept(sql, load.acknowledged));
      }, { dataDir });
    } finally {
      await unmount(disk);
      await removeFolder(disk);
    }
  },
);

async function mount(folder: string): Promise<boolean> {
  const { success } = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", `size=${DISK_MB}m,mode=755`, "telltale-test", folder],
    stderr: "null",
  }).output();
  return success;
}

async function unmount(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("umount", { args: ["--lazy", folder] })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** Writes until nothing more fits. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  for (let bytes = 1024 * 1024; bytes >= 512;) {
    try {
      if (await file.write(new Uint8Array(bytes)) < bytes) bytes /= 2;
    } catch (error) {
      if (!/no space left|ENOSPC/i.test(String(error))) throw error;
      bytes /= 2;
    }
  }
}
