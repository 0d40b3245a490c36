/** The ATM contract's WebSockets, over a real port. */
import assert from "node:assert/strict";
import type { Fact } from "../projections/log.ts";
import { NOW, type Stage, withStage } from "./stage.ts";

const MINUTE = 60_000;
const iso = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString();

function report(id: string, minutes: number, fields: Fact["data"] = {}): Fact {
  const data = { atm_id: id, timestamp: iso(minutes), status: "online", ...fields };
  return { stream: `atm-${id}`, type: "TelemetryReported", data, occurredAt: at(minutes) };
}

function turned(id: string, minutes: number, from: string | null, to: string): Fact {
  return {
    stream: `atm-${id}`,
    type: "StatusChanged",
    data: { from, to },
    occurredAt: at(minutes),
  };
}

function alarm(type: string, minutes: number, data: Fact["data"]): Fact {
  return {
    stream: "atm-A",
    type,
    data: { reason: "high-cpu", ...data },
    occurredAt: at(minutes),
  };
}

function at(minutes: number): number {
  return NOW + minutes * MINUTE;
}

interface Client {
  readonly socket: WebSocket;
  /** The next message that is no heartbeat. */
  next(): Promise<{ type: string; data: Record<string, unknown>; timestamp?: string }>;
  readonly closed: Promise<number>;
}

function connect(url: string): Client {
  const socket = new WebSocket(url);
  const waiting: ((message: Awaited<ReturnType<Client["next"]>>) => void)[] = [];
  const come: Awaited<ReturnType<Client["next"]>>[] = [];
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "heartbeat") return;
    const taker = waiting.shift();
    if (taker) taker(message);
    else come.push(message);
  };
  return {
    socket,
    next: () => {
      const first = come.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
    closed: new Promise((resolve) => socket.onclose = ({ code }) => resolve(code)),
  };
}

async function served(
  test: (stage: Stage, open: (path: string) => Client, http: string) => Promise<void>,
): Promise<void> {
  await withStage(async (stage) => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => stage.app.fetch(request),
    );
    const clients: Client[] = [];
    const place = `127.0.0.1:${server.addr.port}/api/v1/ws`;
    try {
      await test(stage, (path) => {
        const client = connect(`ws://${place}${path}`);
        clients.push(client);
        return client;
      }, `http://${place}`);
      assert.deepEqual(stage.reported, []);
    } finally {
      for (const { socket } of clients) socket.close();
      await Promise.all(clients.map(({ closed }) => closed));
      stage.stop();
      await server.shutdown();
    }
  });
}

Deno.test("the dashboard's socket tells every change of an atm's status, and nothing else", () =>
  served(async (stage, open) => {
    const client = open("/dashboard");
    assert.equal((await client.next()).type, "connection_established");
    await stage.record([
      report("A", -3),
      turned("A", -3, null, "online"),
      {
        stream: "store-1",
        type: "StatusChanged",
        data: { from: null, to: "x" },
        occurredAt: at(-2),
      },
      { stream: "atm-A", type: "DeviceFellSilent", data: { since: iso(-3) }, occurredAt: at(-2) },
      turned("A", -1, "online", "offline"),
    ]);
    assert.deepEqual(await client.next(), {
      type: "atm_status_change",
      data: { atm_id: "A", old_status: null, new_status: "online", timestamp: iso(-3) },
      timestamp: iso(-3),
    });
    assert.equal((await client.next()).data.new_status, "offline");
  }));

Deno.test("an atm's socket begins with its past and goes on with what it reports", () =>
  served(async (stage, open) => {
    await stage.record(Array.from({ length: 130 }, (_, i) => report("A", i - 200, { n: i })));
    const client = open("/atm/a");
    const { type, data } = await client.next();
    const { latest, history } = data as { latest: { n: number }; history: { n: number }[] };
    assert.equal(type, "atm_initial");
    assert.deepEqual([data.atm_id, latest.n], ["A", 129]);
    assert.deepEqual([history.length, history[0]?.n, history.at(-1)?.n], [100, 129, 30]);

    await stage.record([
      report("B", -2),
      report("A", -1, { status: "error", n: 130 }),
      turned("A", -1, "online", "error"),
    ]);
    const update = await client.next();
    assert.deepEqual([update.type, update.data.n, update.data.atm_id], [
      "telemetry_update",
      130,
      "A",
    ]);
    assert.equal((await client.next()).type, "atm_status_change");
  }));

Deno.test("who connects while an atm reports is told each report once", () =>
  served(async (stage, open) => {
    await stage.record([report("A", -90, { n: 0 })]);
    const all = 60;
    const recording = (async () => {
      for (let n = 1; n < all; n++) await stage.record([report("A", n - 90, { n })]);
    })();
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      const client = open("/atm/A");
      const { history } = (await client.next()).data as { history: { n: number }[] };
      const told = history.map(({ n }) => n).reverse();
      while (told.at(-1) !== all - 1) told.push(Number((await client.next()).data.n));
      assert.deepEqual(told, Array.from({ length: all }, (_, n) => n));
    }
    await recording;
  }));

Deno.test("an atm that was quiet for long still has a latest report", () =>
  served(async (stage, open) => {
    await stage.record([report("A", -60 * 48, { n: 7 })]);
    const { data } = await open("/atm/A").next();
    assert.deepEqual(data.history, []);
    assert.equal((data.latest as { n: number }).n, 7);
  }));

Deno.test("a client may ping and ask for history, in either form", () =>
  served(async (stage, open) => {
    await stage.record([report("A", -90), report("A", -30), report("A", -10)]);
    const client = open("/atm/A");
    await client.next();
    client.socket.send("ping");
    client.socket.send(JSON.stringify({ type: "ping" }));
    assert.deepEqual([(await client.next()).type, (await client.next()).type], ["pong", "pong"]);
    client.socket.send("request_history");
    assert.equal(((await client.next()).data.history as unknown[]).length, 3);
    client.socket.send(JSON.stringify({ type: "request_history", hours: 1, limit: 1 }));
    const { type, data } = await client.next();
    assert.equal(type, "history");
    assert.deepEqual(
      (data.history as { timestamp: string }[]).map(({ timestamp }) => timestamp),
      [iso(-10)],
    );
  }));

Deno.test("nonsense from a client is answered as such, and the feed goes on", () =>
  served(async (stage, open) => {
    await stage.record([report("A", -90)]);
    const client = open("/atm/A");
    await client.next();
    const said: [string | Uint8Array<ArrayBuffer>, string][] = [
      ["{", "not-json"],
      ["[1]", "not-json"],
      ["7", "not-json"],
      [new Uint8Array([0, 255]), "not-json"],
      ["x".repeat(5_000), "not-json"],
      ['{"type": "dance"}', "unknown-message"],
      ['{"type": "request_history", "hours": 1e9}', "wrong-shape"],
      ['{"type": "request_history", "limit": "all"}', "wrong-shape"],
    ];
    for (const [text, code] of said) {
      client.socket.send(text);
      const { type, data } = await client.next();
      assert.deepEqual([type, data.code], ["error", code], String(text).slice(0, 40));
    }
    await stage.record([report("A", -1)]);
    assert.equal((await client.next()).type, "telemetry_update");

    const fleet = open("/dashboard");
    await fleet.next();
    fleet.socket.send("request_history");
    assert.equal((await fleet.next()).data.code, "unknown-message");
  }));

Deno.test("a history asked for again before it has come waits for nobody", () =>
  served(async (stage, open) => {
    await stage.record([report("A", -90)]);
    const client = open("/atm/A");
    await client.next();
    for (let i = 0; i < 50; i++) client.socket.send("request_history");
    const answers: string[] = [];
    for (let i = 0; i < 50; i++) {
      const { type, data } = await client.next();
      answers.push(type === "history" ? type : String(data.code));
    }
    assert.ok(answers.includes("history") && answers.includes("busy"), answers.join());
  }));

Deno.test("the alerts' socket begins with what is open and tells what becomes of it", () =>
  served(async (stage, open) => {
    const told = { severity: "high", message: "hot" };
    await stage.record([
      alarm("AlarmRaised", -90, { ...told, reason: "low-cash" }),
      alarm("AlarmCleared", -80, { reason: "low-cash", raisedAt: iso(-90) }),
      alarm("AlarmRaised", -60, told),
    ]);
    const client = open("/alerts");
    const { type, data } = await client.next();
    const id = `A.high-cpu.${at(-60)}`;
    const { alerts, total } = data as { alerts: { id: string }[]; total: number };
    assert.deepEqual([type, total, alerts.map((alert) => alert.id)], ["alerts_initial", 1, [id]]);

    await stage.record([
      alarm("AlarmAcknowledged", -5, { raisedAt: iso(-60), by: "anna" }),
      alarm("AlarmCleared", -4, { raisedAt: iso(-60) }),
      alarm("AlarmRaised", -3, { ...told, alert: iso(-60) }),
      alarm("AlarmCleared", -2, { raisedAt: iso(-3), alert: iso(-60), by: "anna" }),
      alarm("AlarmRaised", -1, told),
    ]);
    const actions = [];
    for (let i = 0; i < 5; i++) {
      const { type, data } = await client.next();
      assert.equal(type, "alert_update");
      actions.push([data.action, data.id]);
    }
    assert.deepEqual(actions, [
      ["acknowledged", id],
      ["resolved", id],
      ["raised_again", id],
      ["resolved", id],
      ["triggered", `A.high-cpu.${at(-1)}`],
    ]);
  }));

Deno.test("an unknown atm is a 404 before there is a socket, and HTTP alone is a 426", () =>
  served(async (_stage, open, http) => {
    const response = await fetch(`${http}/atm/NOBODY`);
    assert.deepEqual([response.status, (await response.json()).code], [404, "device-unknown"]);
    const refused = open("/atm/NOBODY");
    refused.socket.onopen = () => assert.fail("it was opened");
    await refused.closed;
    const plain = await fetch(`${http}/dashboard`);
    assert.deepEqual([plain.status, plain.headers.get("upgrade")], [426, "websocket"]);
    await plain.body?.cancel();
  }));

Deno.test("open sockets are counted by their type until they are gone", () =>
  served(async (stage, open) => {
    const count = async (type: string) => {
      const text = await (await stage.app.request("/metrics")).text();
      const name = `websocket_connections_active{connection_type="${type}"}`;
      return Number(text.split("\n").find((line) => line.startsWith(name))?.split(" ")[1]);
    };
    const clients = [open("/dashboard"), open("/dashboard"), open("/alerts")];
    await Promise.all(clients.map((client) => client.next()));
    assert.deepEqual([await count("dashboard"), await count("alerts")], [2, 1]);
    clients[0]?.socket.close();
    await clients[0]?.closed;
    while (await count("dashboard") !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(await count("atm"), 0);
  }));

Deno.test("who does not read is sent away, and keeps nobody else waiting", () =>
  served(async (stage, open, http) => {
    await stage.record([report("A", -60)]);
    const { hostname, port, pathname } = new URL(`${http}/atm/A`);
    using idle = await Deno.connect({ hostname, port: Number(port) });
    const handshake = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    await idle.write(new TextEncoder().encode(handshake));
    await idle.read(new Uint8Array(64));
    const reader = open("/atm/A");
    await reader.next();

    const note = "x".repeat(100_000);
    for (let batch = 0; batch < 20; batch++) {
      await stage.record(
        Array.from({ length: 10 }, (_, i) => report("A", -50 + batch + i / 100, { note })),
      );
      for (let i = 0; i < 10; i++) assert.equal((await reader.next()).type, "telemetry_update");
    }
    const text = await (await stage.app.request("/metrics")).text();
    assert.match(text, /websocket_connections_active\{connection_type="atm"\} 1\n/);
  }));

Deno.test("when the server stops, sockets are told so", () =>
  served(async (stage, open) => {
    const client = open("/dashboard");
    await client.next();
    stage.stop();
    assert.equal((await client.next()).type, "closing");
    assert.equal(await client.closed, 1001);
  }));
