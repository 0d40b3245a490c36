import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { provideBroker, ServiceError } from "../../services/mod.ts";
import { exists, pause } from "../../services/process.ts";
import { freePort, freshBroker, removeFolder, temporaryFolder } from "../support/servers.ts";

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof ServiceError, `expected a ServiceError, not ${error}`);
  return error.message;
}

Deno.test("a broker serves JetStream on loopback alone, and ends when stopped", async () => {
  const broker = await freshBroker();
  const { pid, url, port } = broker;
  const own = await provideBroker({ dataDir: "", natsUrl: url, natsPort: 0 });
  assert.match(own.description, /^nats-server \d+\.\d+\.\d+ at nats:\/\/127\.0\.0\.1:\d+$/);
  for (const { address } of Deno.networkInterfaces().filter(({ family }) => family === "IPv4")) {
    if (address.startsWith("127.")) continue;
    await assert.rejects(Deno.connect({ hostname: address, port }), Deno.errors.ConnectionRefused);
  }
  await broker.stop();
  assert.equal(exists(pid), false);
});

Deno.test("a broker that was killed is started again, and clients find it", async () => {
  const broker = await freshBroker();
  const connection = await connectBus(broker.url, "test");
  const { pid } = broker;
  Deno.kill(pid, "SIGKILL");
  while (broker.pid === pid) await pause(20);
  await pause(500);
  await connection.flush();
  await connection.close();
  await broker.stop();
});

Deno.test("a port taken by another program is named", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const natsPort = (listener.addr as Deno.NetAddr).port;
  const dataDir = await temporaryFolder();
  assert.match(
    await refusal(provideBroker({ dataDir, natsUrl: undefined, natsPort })),
    new RegExp(`port ${natsPort} on 127.0.0.1 is taken by another program. Set NATS_PORT`),
  );
  listener.close();
  await removeFolder(dataDir);
});

Deno.test("an unreachable NATS_URL is named, without its password", async () => {
  const natsUrl = `nats://device:secret@127.0.0.1:${freePort()}`;
  const message = await refusal(provideBroker({ dataDir: "", natsUrl, natsPort: 0 }));
  assert.match(message, /^Cannot reach the broker at NATS_URL \(nats:\/\/device@127/);
  assert.doesNotMatch(message, /secret/);
});

Deno.test("a NATS without JetStream is refused", async () => {
  const port = freePort();
  const server = new Deno.Command("nats-server", {
    args: ["-a", "127.0.0.1", "-p", `${port}`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const natsUrl = `nats://127.0.0.1:${port}`;
  while (true) {
    const reached = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    reached?.close();
    if (reached) break;
    await pause(20);
  }
  try {
    assert.match(
      await refusal(provideBroker({ dataDir: "", natsUrl, natsPort: 0 })),
      /JetStream does not answer .*Start nats-server with --jetstream/,
    );
  } finally {
    server.kill();
    await server.status;
  }
});

Deno.test("a nats-server that is too old is refused with both versions", async () => {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder}/nats-server`, "#!/bin/sh\necho 'nats-server: v2.8.4'\n");
  await Deno.chmod(`${folder}/nats-server`, 0o755);
  const path = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", `${folder}:${path}`);
  try {
    assert.match(
      await refusal(provideBroker({ dataDir: folder, natsUrl: undefined, natsPort: freePort() })),
      /it is nats-server: v2\.8\.4, Telltale needs nats-server 2\.9 or newer/,
    );
  } finally {
    Deno.env.set("PATH", path);
    await removeFolder(folder);
  }
});
