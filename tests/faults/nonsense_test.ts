/**
 * Whatever is thrown at the ingest ends as an event, a recognised repeat or a quarantine row with
 * its reason; what was right in between is unharmed, and nobody is shown our insides.
 */
import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { connectBus } from "../../events/bus/connection.ts";
import { managerOf, streamInfo } from "../../events/bus/stream.ts";
import type { Sql } from "../../events/log/database.ts";
import { verify } from "../../events/log/verify.ts";
import { type Nonsense, nonsense } from "./nonsense.ts";
import { inPlace } from "./place.ts";
import {
  caughtUp,
  expectExactlyOnce,
  expectProjectionsAreRebuilt,
  withLogAtRest,
} from "./promises.ts";
import { faultTest, rounds, tell } from "./seed.ts";

const PER_ROUND = 5_000;
const HTTP_SHARE = 0.1;
const GOOD_SHARE = 0.1;
const UNDER_WAY_MAX = 256;
const encoder = new TextEncoder();

faultTest(
  "nonsense by NATS and HTTP: none is lost, none does harm, all of it is explained",
  async (random) => {
    const count = PER_ROUND * rounds(1);
    await inPlace(async (place) => {
      const telltale = await place.start();
      const connection = await connectBus(telltale.natsUrl, "nonsense");
      const stream = jetstream(connection);
      const sequences = new Set<number>();
      const good = new Set<number>();

      const byNats = async ({ subject, payload, messageId }: Nonsense): Promise<void> => {
        const msgID = messageId === undefined ? {} : { msgID: messageId };
        sequences.add((await stream.publish(subject, payload, msgID)).seq);
      };

      const underWay = new Set<Promise<void>>();
      for (let number = 1; number <= count; number++) {
        let sending: Promise<void>;
        if (random.chance(GOOD_SHARE)) {
          good.add(number);
          // One device: its messages must stay in the order they were sent.
          sending = byNats({
            subject: "devices.sensor.load-good.reading",
            payload: encoder.encode(`{"value":${number}}`),
          });
        } else if (random.chance(HTTP_SHARE)) {
          sending = byHttp(telltale.url, nonsense(random));
        } else {
          sending = byNats(nonsense(random));
        }
        const tracked = sending.finally(() => underWay.delete(tracked));
        underWay.add(tracked);
        if (underWay.size >= UNDER_WAY_MAX) await Promise.race(underWay);
      }
      await Promise.all(underWay);
      await batchByHttp(telltale.url);
      await caughtUp(telltale);
      const last = (await streamInfo(await managerOf(connection)))?.state.last_seq ?? 0;
      await connection.close();
      assert.ok(Math.max(...sequences) <= last);
      assert.equal(await telltale.stop(), 0);

      await withLogAtRest(place, async (sql) => {
        assert.deepEqual((await verify(sql)).findings, []);
        const ended = await countEnds(sql);
        tell(`  ${count} sent, ${last} on the bus: ${JSON.stringify(ended)}`);
        assert.equal(ended.recorded + ended.repeats + ended.quarantined, last);
        assert.ok(Object.values(ended).every((number) => number > 0), "some of each was sent");
        await expectExactlyOnce(sql, good);
        const [unexplained] = await sql`
          select count(*)::integer as n from quarantine where reason = '' or code !~ '^[a-z0-9-]+$'`;
        assert.equal(unexplained?.n, 0);
        await expectProjectionsAreRebuilt(sql);
      });
    });
  },
);

/** How the messages of the bus ended, counted one by one. */
async function countEnds(
  sql: Sql,
): Promise<{ recorded: number; repeats: number; quarantined: number }> {
  const [row] = await sql`
    select
      (select count(distinct metadata->>'sequence')::integer from events
        where metadata->>'sequence' is not null) as recorded,
      (select coalesce(sum(upper(range) - lower(range)), 0)::integer
        from batches, unnest(repeats) as range) as repeats,
      (select count(*)::integer from quarantine) as quarantined`;
  return row as unknown as { recorded: number; repeats: number; quarantined: number };
}

const INSIDES =
  /\bat .*\.ts:\d+|file:\/\/|node_modules|postgres|\bselect\b.*\bfrom\b|syntax error at/i;

/** Each answer is a 2xx, or a 4xx that says why. */
async function byHttp(url: string, { subject, payload, messageId }: Nonsense): Promise<void> {
  const path = subject.split(".").slice(1).map(encodeURIComponent).join("/");
  const response = await fetch(`${url}/api/v1/telemetry/${path}`, {
    method: "POST",
    body: payload as BodyInit,
    headers: {
      "content-type": "application/json",
      ...(messageId === undefined ? {} : { "idempotency-key": messageId }),
    },
  });
  await expectCivil(response, `${subject} ${new TextDecoder().decode(payload).slice(0, 100)}`);
}

async function expectCivil(response: Response, what: string): Promise<string> {
  const text = await response.text();
  assert.ok(response.status < 500, `${what}: ${response.status} ${text}`);
  assert.doesNotMatch(text, INSIDES, what);
  if (response.status >= 400) {
    const { code, detail, title } = JSON.parse(text);
    assert.match(String(code), /^[a-z0-9-]+$/, `${what}: ${text}`);
    assert.ok(String(detail ?? title).length > 0, `${what}: ${text}`);
  }
  return text;
}

/** In a batch every item stands for itself. */
async function batchByHttp(url: string): Promise<void> {
  const item = (id: string, data: unknown) => ({ kind: "sensor", id, message: "reading", data });
  const items = [
    item("batch-1", { value: 1 }),
    item("batch 2", { value: 2 }),
    item("batch-3", { value: "three" }),
    { kind: "toaster", id: "T", message: "reading", data: {} },
    "not an object",
    null,
    item("batch-4", { value: 4 }),
  ];
  const response = await fetch(`${url}/api/v1/telemetry?wait=log`, {
    method: "POST",
    body: JSON.stringify(items),
    headers: { "content-type": "application/json" },
  });
  const text = await expectCivil(response, "batch");
  const { results } = JSON.parse(text) as { results: { ok: boolean; reason?: string }[] };
  assert.deepEqual(results.map(({ ok }) => ok), [true, false, false, false, false, false, true]);
  for (const { ok, reason } of results) assert.ok(ok || reason, text);
  for (const body of ["", "[", "{}", '[{"kind":"sensor"', "null", "\xff"]) {
    const refused = await fetch(`${url}/api/v1/telemetry`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    await expectCivil(refused, `batch ${body}`);
    assert.ok(refused.status >= 400, `batch ${body}: ${refused.status}`);
  }
}
