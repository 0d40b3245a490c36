import assert from "node:assert/strict";
import { csvField } from "../../routes/event_json.ts";
import { streamText } from "../../routes/streaming.ts";
import { NOW, reading, withStage } from "./stage.ts";

Deno.test("pages of events follow each other without gap or repeat", () =>
  withStage(async ({ app, record }) => {
    await record(Array.from({ length: 25 }, (_, i) => reading(`S${i % 3}`, i)));
    const offsets: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const more = cursor === "" ? "" : `&cursor=${cursor}`;
      const response = await app.request(`/api/v1/events?limit=10${more}`);
      const page: { events: { offset: number }[]; next: string | null } = await response.json();
      offsets.push(...page.events.map(({ offset }) => offset));
      cursor = page.next;
    }
    assert.deepEqual(offsets, Array.from({ length: 25 }, (_, i) => i + 1));
  }));

Deno.test("events are found by kind, device, type and time", () =>
  withStage(async ({ app, record }) => {
    await record([
      reading("S1", 1, NOW - 3_000),
      reading("S10", 2, NOW - 2_000),
      { stream: "atm-S1", type: "StatusChanged", data: {}, occurredAt: NOW - 2_000 },
      reading("S1", 3, NOW - 1_000),
    ]);
    async function offsets(query: string): Promise<number[]> {
      const { events } = await (await app.request(`/api/v1/events?${query}`)).json();
      return events.map(({ offset }: { offset: number }) => offset);
    }
    assert.deepEqual(await offsets("kind=sensor"), [1, 2, 4]);
    assert.deepEqual(await offsets("kind=sensor&id=S1"), [1, 4]);
    assert.deepEqual(await offsets("kind=atm&id=s1"), [3]);
    assert.deepEqual(await offsets("type=StatusChanged"), [3]);
    assert.deepEqual(await offsets(`from=${at(-2_000)}&to=${at(-1_000)}`), [2, 3]);
    assert.deepEqual(await offsets(`kind=sensor&from=${at(-1_000)}`), [4]);
  }));

function at(ms: number): string {
  return new Date(NOW + ms).toISOString();
}

Deno.test("the whole answer comes as NDJSON and as CSV, every event once, every digit kept", () =>
  withStage(async ({ app, deps, record }) => {
    const count = 3_456;
    await record(Array.from({ length: count }, (_, i) => reading("S1", i)));
    await deps
      .sql`update events set data = '{"value": 1, "note": "a, \\"b\\"\\n", "n": 9007199254740993}'
      where "offset" = 1`;

    const ndjson = await (await app.request("/api/v1/events?format=ndjson")).text();
    const lines = ndjson.trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).offset),
      Array.from({ length: count }, (_, i) => i + 1),
    );
    assert.match(lines[0] ?? "", /"n":9007199254740993\}\}$/);

    const response = await app.request("/api/v1/events?format=csv");
    assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8");
    const rows = (await response.text()).split("\r\n");
    assert.equal(rows.length, count + 2);
    assert.equal(
      rows[0],
      "partition,offset,stream,kind,id,version,type,occurred_at,recorded_at,data",
    );
    assert.equal(
      rows[1],
      "0,1,sensor-S1,sensor,S1,0,ReadingReported,2026-06-15T11:59:00.000Z," +
        `2026-06-15T11:59:00.000Z,"{""value"":1,""note"":""a, \\""b\\""\\n"",""n"":9007199254740993}"`,
    );
  }));

Deno.test("a field of CSV is quoted where it must be, and never a formula", () => {
  assert.equal(csvField("plain"), "plain");
  assert.equal(csvField(`a "b", c`), `"a ""b"", c"`);
  assert.equal(csvField("a\r\nb"), `"a\r\nb"`);
  assert.equal(csvField("=1+1"), "'=1+1");
  assert.equal(csvField(`@x,"y"`), `"'@x,""y"""`);
  assert.equal(csvField("-7"), "'-7");
});

Deno.test("a long answer is made no faster than it is taken, and not at all once nobody takes it", async () => {
  let made = 0;
  let ended = false;
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) {
        made++;
        yield await Promise.resolve("x".repeat(1_000));
      }
    } finally {
      ended = true;
    }
  }
  const reader = (await streamText(endless(), new AbortController().signal)).getReader();
  for (let i = 0; i < 10; i++) await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(made <= 12, `${made} texts were made for 10 taken`);
  await reader.cancel();
  assert(ended);
});

Deno.test("an answer cut short by a failure cannot be taken for the whole", async () => {
  async function* failing(): AsyncGenerator<string> {
    yield await Promise.resolve("one\n");
    throw new Error("the database is away");
  }
  const body = await streamText(failing(), new AbortController().signal);
  await assert.rejects(new Response(body).text(), /the database is away/);
});

Deno.test("an answer says what it is true for, and can be asked to wait until it is true for more", () =>
  withStage(async ({ app, record }) => {
    const [, last] = await record([reading("S1", 1), reading("S1", 2)]);
    const response = await app.request(`/api/v1/devices/sensor/S1?after=0:${last?.offset}`);
    assert.equal(response.headers.get("telltale-offset"), "0:2");
    assert.equal((await response.json()).latest.value, 2);
    const events = await app.request("/api/v1/devices/sensor/S1/events?after=0");
    assert.deepEqual((await events.json()).events.map((e: { version: number }) => e.version), [1]);
  }));

Deno.test("the newest events of a device come first when asked to, page by page", () =>
  withStage(async ({ app, record }) => {
    await record(Array.from({ length: 5 }, (_, i) => reading("S1", i)));
    const path = "/api/v1/devices/sensor/S1/events?order=desc&limit=2";
    const first = await (await app.request(path)).json();
    assert.deepEqual(first.events.map((e: { version: number }) => e.version), [4, 3]);
    const second = await (await app.request(`${path}&before=${first.next}`)).json();
    assert.deepEqual(second.events.map((e: { version: number }) => e.version), [2, 1]);
  }));
