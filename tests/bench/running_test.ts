/** A benchmark that waits for what will not come says so, and what keeps Telltale from it. */
import assert from "node:assert/strict";
import { caughtUp } from "../../bench/running.ts";
import { freshBroker } from "../support/servers.ts";
import { startTelltale } from "../support/telltale.ts";

Deno.test("waiting for a Telltale that cannot reach its broker ends, and tells that it recovers", async () => {
  const broker = await freshBroker();
  const telltale = await startTelltale({ env: { NATS_URL: broker.url } });
  try {
    await broker.stop();
    await assert.rejects(caughtUp(telltale, 10, () => {}, 3_000), (error: Error) => {
      assert.match(error.message, /^Telltale got no further for 3 s: it has \d of 10 messages\n/);
      assert.match(error.message, /it says of itself: .*"partitions".*recovering/);
      assert.match(error.message, /it printed last:\n.*\n/);
      return true;
    });
  } finally {
    await telltale.stop();
  }
});
