import assert from "node:assert/strict";
import { readConfig } from "../../commands/config.ts";

Deno.test("nothing set, and everything set to nothing, gives the defaults", () => {
  const { dataDir, ...rest } = readConfig({});
  assert.ok(dataDir.endsWith("/data"));
  assert.deepEqual(rest, {
    host: "127.0.0.1",
    port: 8000,
    natsPort: 4222,
    databaseUrl: undefined,
    natsUrl: undefined,
    kvUrl: undefined,
    partitions: 1,
    reportRetentionDays: 30,
    keep: { trendMinutesDays: 30, readingDays: 400 },
    trainFailure: undefined,
    logLevel: "info",
  });
  assert.deepEqual(readConfig({ PORT: "", DATABASE_URL: "", LOG_LEVEL: "" }), readConfig({}));
});

Deno.test("every variable that is wrong is named at once, passwords are not shown", () => {
  const wrong = {
    HOST: "a b",
    PORT: "0x50",
    NATS_PORT: "70000",
    DATABASE_URL: "mysql://root:secret@db/fleet",
    NATS_URL: "http://user:secret@broker",
    KV_URL: "secret",
    PARTITIONS: "0",
    LOG_LEVEL: "loud",
  };
  assert.throws(() => readConfig(wrong), (error: Error) => {
    const lines = error.message.split("\n");
    assert.deepEqual(lines.map((line) => /Cannot use (\w+)/.exec(line)?.[1]), Object.keys(wrong));
    assert.ok(lines.includes('Cannot use PORT="0x50": expected a port, 1 to 65535'));
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});

Deno.test("when a model is trained again is checked with its zone, before anything starts", () => {
  const every = { TRAIN_FAILURE_CRON: "0 3 * * 0", TRAIN_FAILURE_ZONE: "America/Chicago" };
  const trainFailure = { cron: "0 3 * * 0", zone: "America/Chicago" };
  assert.deepEqual(readConfig(every).trainFailure, trainFailure);
  const refused = (env: Record<string, string>, words: RegExp) =>
    assert.throws(() => readConfig({ ...every, ...env }), words);
  refused({ TRAIN_FAILURE_CRON: "sometimes" }, /TRAIN_FAILURE_CRON="sometimes": expected minute/);
  refused({ TRAIN_FAILURE_ZONE: "Mars" }, /TRAIN_FAILURE_ZONE="Mars": expected an IANA time zone/);
});

Deno.test("a relative DATA_DIR is taken from where Telltale was called", () => {
  assert.equal(readConfig({ DATA_DIR: "fleet" }).dataDir, `${Deno.cwd()}/fleet`);
});

Deno.test("several NATS servers may be named", () => {
  const natsUrl = "nats://one:4222,tls://two:4222";
  assert.equal(readConfig({ NATS_URL: natsUrl }).natsUrl, natsUrl);
});
