/** GraphQL: what can be asked, what is too much, and subscriptions by SSE and WebSocket. */
import assert from "node:assert/strict";
import { getIntrospectionQuery, parse } from "graphql";
import { createClient } from "graphql-ws";
import { COST_MAX, measure, tooMuch } from "../../routes/graphql/limits.ts";
import { FACTORS, MODEL, tellerOf } from "../projections/foretold.ts";
import type { Fact } from "../projections/log.ts";
import { NOW, posted, type Stage, withStage } from "./stage.ts";

const PATH = "/api/v1/graphql";

async function ask(
  { app }: Stage,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<{ status: number; data?: Record<string, unknown>; errors?: GraphqlFault[] }> {
  const response = await app.request(PATH, posted({ query, variables }));
  return { status: response.status, ...await response.json() };
}

interface GraphqlFault {
  readonly message: string;
  readonly extensions?: { readonly code?: string };
}

function reading(sensor: string, secondsAgo: number, value: number, anomaly = false): Fact {
  return {
    stream: `sensor-${sensor}`,
    type: "ReadingReported",
    data: { value, sensor_type: sensor === "S1" ? "t" : "h", unit: "C", location: "Hall" },
    occurredAt: NOW - secondsAgo * 1000,
    metadata: { score: anomaly ? 0.9 : 0.1, ...(anomaly ? { anomaly: true } : {}) },
  };
}

function detected(
  sensor: string,
  episode: number,
  severity: string,
  type = "AnomalyDetected",
): Fact {
  const detectors = [{ name: "spike", score: 0.9, reason: "odd" }];
  const what = { threshold: 0.5, expected: 1, lower: 0, upper: 2, reason: "odd", detectors };
  const startedAt = new Date(NOW - 60_000).toISOString();
  return {
    stream: `sensor-${sensor}`,
    type,
    data: { episode, startedAt, value: 58, score: 0.9, severity, ...what },
    occurredAt: NOW - 60_000,
  };
}

Deno.test("every field of readings, alerts and figures can be asked for in one question", () =>
  withStage(async (stage) => {
    await stage.record([
      reading("S1", 30, 1),
      reading("S1", 20, 3, true),
      detected("S1", 1, "critical"),
      reading("S2", 10, 5),
    ]);
    const { data, errors } = await ask(
      stage,
      `{
      sensorData(sensorId: "S1", limit: 1) {
        id sensorId sensorType timestamp value unit location isAnomaly anomalyScore
      }
      humid: sensorData(sensorType: "h") { value }
      anomalyAlerts(sensorId: "S1", severity: "critical", resolved: false, limit: 5) {
        id sensorId alertType severity message anomalyScore sensorValue timestamp resolved resolvedAt
        expected lower upper detectors { name }
      }
      sensorStats(sensorId: "S1") {
        sensorId totalReadings avgValue minValue maxValue anomalyCount lastReading
      }
      unknown: sensorStats(sensorId: "S9") { sensorId }
    }`,
    );
    assert.equal(errors, undefined);
    assert.deepEqual(JSON.parse(JSON.stringify(data)), {
      sensorData: [{
        id: "S1@1",
        sensorId: "S1",
        sensorType: "t",
        timestamp: new Date(NOW - 20_000).toISOString(),
        value: 3,
        unit: "C",
        location: "Hall",
        isAnomaly: true,
        anomalyScore: 0.9,
      }],
      humid: [{ value: 5 }],
      anomalyAlerts: [{
        id: "S1.1",
        sensorId: "S1",
        alertType: "spike",
        severity: "critical",
        message: "odd",
        anomalyScore: 0.9,
        sensorValue: 58,
        timestamp: new Date(NOW - 60_000).toISOString(),
        resolved: false,
        resolvedAt: null,
        expected: 1,
        lower: 0,
        upper: 2,
        detectors: [{ name: "spike" }],
      }],
      sensorStats: {
        sensorId: "S1",
        totalReadings: 2,
        avgValue: 2,
        minValue: 1,
        maxValue: 3,
        anomalyCount: 1,
        lastReading: new Date(NOW - 20_000).toISOString(),
      },
      unknown: null,
    });
  }));

Deno.test("connections page through readings and alerts without missing or repeating any", () =>
  withStage(async (stage) => {
    // Several of one moment, so that the page ends between them.
    const all = Array.from({ length: 25 }, (_, i) => reading("S1", Math.floor(i / 4), i));
    await stage.record([
      ...all,
      ...[1, 2, 3, 4, 5].map((episode) => detected("S1", episode, "low")),
    ]);
    const pages = async (field: string, node: string) => {
      const seen: unknown[] = [];
      for (let after: string | null = null;;) {
        const query = `query($after: String) { page: ${field}(first: 7, after: $after) {
          edges { cursor node { ${node} } } pageInfo { hasNextPage endCursor } } }`;
        const { data, errors } = await ask(stage, query, { after });
        assert.equal(errors, undefined);
        const { edges, pageInfo } = data?.page as {
          edges: { cursor: string; node: Record<string, unknown> }[];
          pageInfo: { hasNextPage: boolean; endCursor: string };
        };
        seen.push(...edges.map((edge) => edge.node[node]));
        assert.equal(pageInfo.endCursor, edges.at(-1)?.cursor);
        if (!pageInfo.hasNextPage) return seen;
        after = pageInfo.endCursor;
      }
    };
    const values = await pages("readings", "value");
    assert.equal(values.length, 25);
    assert.equal(new Set(values).size, 25);
    const whole = await ask(stage, "{ sensorData(limit: 25) { value } }");
    assert.deepEqual(values, (whole.data?.sensorData as { value: number }[]).map((r) => r.value));
    assert.deepEqual(await pages("alerts", "id"), ["S1.5", "S1.4", "S1.3", "S1.2", "S1.1"]);
  }));

Deno.test("resolving an alert gives an order to its sensor, and answers with the alert", () =>
  withStage(async (stage) => {
    await stage.record([detected("S1", 1, "low")]);
    stage.answer = async ({ payload }) => {
      const { episode, by } = JSON.parse(payload);
      const [event] = await stage.record([{
        stream: "sensor-S1",
        type: "AnomalyResolved",
        data: { episode, by },
        occurredAt: NOW,
      }]);
      assert.ok(event);
      const answer = { outcome: "recorded" as const, events: [event] };
      return { sequence: 1, duplicate: false, answer };
    };
    const mutation = `mutation { resolveAlert(alertId: "S1.1") { id resolved resolvedAt } }`;
    const { data } = await ask(stage, mutation);
    assert.deepEqual(JSON.parse(JSON.stringify(data)), {
      resolveAlert: { id: "S1.1", resolved: true, resolvedAt: new Date(NOW).toISOString() },
    });
    const byGet = await stage.app.request(`${PATH}?query=${encodeURIComponent(mutation)}`);
    assert.equal(byGet.status, 405, "a link must not change anything");
    const none = await ask(stage, `mutation { resolveAlert(alertId: "S1.9") { id } }`);
    assert.equal(none.errors?.[0]?.extensions?.code, "alert-unknown");
  }));

Deno.test("what is wrong with a question is said, and nothing of ours leaks", () =>
  withStage(async (stage) => {
    const wrong: readonly (readonly [string, string])[] = [
      ["{", "GRAPHQL_PARSE_FAILED"],
      ["{ nope }", "GRAPHQL_VALIDATION_FAILED"],
      ["{ sensorData(limit: 0) { id } }", "BAD_USER_INPUT"],
      ["{ sensorData(limit: 10001) { id } }", "BAD_USER_INPUT"],
      ['{ sensorData(sensorId: "a b") { id } }', "BAD_USER_INPUT"],
      ['{ anomalyAlerts(severity: "terrible") { id } }', "BAD_USER_INPUT"],
      ['{ readings(after: "zzz") { pageInfo { endCursor } } }', "BAD_USER_INPUT"],
      ['{ alerts(after: "zzz") { pageInfo { endCursor } } }', "BAD_USER_INPUT"],
    ];
    for (const [query, code] of wrong) {
      const { errors } = await ask(stage, query);
      assert.equal(errors?.[0]?.extensions?.code, code, `${query}: ${JSON.stringify(errors)}`);
    }
    assert.deepEqual(stage.reported, []);
    await stage.deps.sql`drop table readings`;
    const { errors } = await ask(stage, "{ sensorData { id } }");
    assert.equal(errors?.[0]?.extensions?.code, "INTERNAL");
    assert.doesNotMatch(JSON.stringify(errors), /relation|readings|select/i);
    assert.equal(stage.reported.length, 1);
  }));

Deno.test("a question that is too deep, too costly or too long is refused before it runs", () =>
  withStage(async (stage) => {
    await stage.deps.sql`drop table readings`; // Whatever ran would fail.
    const deep = "{ readings { edges { node { id } } } }";
    assert.equal(measure(parse(deep), null, {}).own.depth, 4);
    const aliases = ["a", "b"].map((name) => `${name}: sensorData(limit: 10000) { ...f }`);
    const fields = "fragment f on SensorData { id sensorId timestamp value unit location }";
    const costly = [
      `{ ${aliases.join(" ")} } ${fields}`,
      `query ($n: Int = 10000) { ${aliases.join(" ").replaceAll("10000", "$n")} } ${fields}`,
      `{ ...all } fragment all on Query { ${aliases.join(" ")} } ${fields}`,
    ];
    for (const query of costly) {
      const { status, errors } = await ask(stage, query);
      assert.deepEqual([status, errors?.[0]?.extensions?.code], [400, "TOO_COSTLY"], query);
    }
    const byVariable = await ask(stage, costly[1] ?? "", { n: 9_999 });
    assert.equal(byVariable.errors?.[0]?.extensions?.code, "TOO_COSTLY");
    const long = await stage.app.request(PATH, posted({ query: `{ ${" ".repeat(70_000)} }` }));
    assert.equal(long.status, 413);
    assert.deepEqual(stage.reported, []);
  }));

Deno.test("depth and cost are counted once for each fragment, however often it is used", () => {
  // Each fragment uses the next one twice: two to the fortieth fields.
  const fragments = Array.from(
    { length: 40 },
    (_, i) => `fragment f${i} on Query { a${i}: x { ...f${i + 1} } b${i}: x { ...f${i + 1} } }`,
  );
  const query = `{ ...f0 } ${fragments.join("\n")} fragment f40 on Query { y }`;
  const { own } = measure(parse(query), null, {});
  assert.equal(own.depth, 41);
  assert.ok(own.cost > 2 ** 40);
  assert.equal(tooMuch(parse(query), null, {})?.code, "TOO_DEEP");
});

Deno.test("what tools ask of the schema is answered, but not what nobody needs", () =>
  withStage(async (stage) => {
    const schema = await ask(stage, getIntrospectionQuery());
    assert.equal(schema.errors, undefined);
    assert.ok(JSON.stringify(schema.data).includes("sensorReading"));
    let nested = "name";
    for (let i = 0; i < 6; i++) nested = `fields { type { ${nested} } }`;
    const silly = await ask(stage, `{ __schema { types { ${nested} } } }`);
    assert.ok(silly.errors, "it was answered");
    assert.ok(measure(parse(getIntrospectionQuery()), null, {}).introspection.cost < COST_MAX);
  }));

Deno.test("a browser that comes by is served the playground, nothing of it from elsewhere", () =>
  withStage(async (stage) => {
    const response = await stage.app.request(PATH, { headers: { accept: "text/html,*/*" } });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /text\/html/);
    assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'self'/);
    const page = await response.text();
    assert.doesNotMatch(page, /<(?:script|link|img)[^>]+(?:src|href)=["']?(?:https?:)?\/\//i);
    const json = await stage.app.request(`${PATH}?query={__typename}`);
    assert.deepEqual(await json.json(), { data: { __typename: "Query" } });
  }));

/** The stage behind a real port, where answers have no end. */
async function served(test: (stage: Stage, url: string) => Promise<void>): Promise<void> {
  await withStage(async (stage) => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => stage.app.fetch(request),
    );
    try {
      await test(stage, `127.0.0.1:${server.addr.port}${PATH}`);
    } finally {
      stage.stop();
      await server.shutdown();
    }
  });
}

const SUBSCRIBED_MS = 200;

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SUBSCRIBED_MS));
}

Deno.test("readings of one sensor come by SSE as they are recorded, and no others", () =>
  served(async (stage, url) => {
    const query = `subscription { sensorReading(sensorId: "S1") { sensorId value isAnomaly } }`;
    const response = await fetch(`http://${url}`, {
      ...posted({ query }),
      headers: { "content-type": "application/json", accept: "text/event-stream" },
    });
    assert.match(response.headers.get("content-type") ?? "", /text\/event-stream/);
    await soon();
    await stage.record([reading("S2", 3, 1), reading("S1", 2, 2), reading("S1", 1, 3, true)]);
    const values: unknown[] = [];
    let text = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const found = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json = ""]) => JSON.parse(json));
      if (found.length < 2) continue;
      values.push(...found.map(({ data }) => data.sensorReading));
      break;
    }
    assert.deepEqual(values, [
      { sensorId: "S1", value: 2, isAnomaly: false },
      { sensorId: "S1", value: 3, isAnomaly: true },
    ]);
  }));

Deno.test("anomalies of one severity come over a WebSocket by graphql-transport-ws, also when they worsen to it", () =>
  served(async (stage, url) => {
    const client = createClient({ url: `ws://${url}`, retryAttempts: 0 });
    try {
      const alerts = client.iterate<{ anomalyAlert: unknown }>({
        query: `subscription($s: String) {
          anomalyAlert(severity: $s) { id severity timestamp resolved } }`,
        variables: { s: "critical" },
      });
      const first = alerts.next();
      await soon();
      await stage.record([
        detected("S1", 1, "low"),
        detected("S1", 1, "critical", "AnomalyWorsened"),
        detected("S2", 7, "critical"),
      ]);
      const timestamp = new Date(NOW - 60_000).toISOString();
      const expected = (id: string) => ({ id, severity: "critical", timestamp, resolved: false });
      assert.deepEqual((await first).value?.data?.anomalyAlert, expected("S1.1"));
      assert.deepEqual((await alerts.next()).value?.data?.anomalyAlert, expected("S2.7"));
      await alerts.return?.();
      // The same connection answers questions too, and refuses the same ones.
      const answer = await client.iterate({ query: '{ sensorStats(sensorId: "S9") { sensorId } }' })
        .next();
      assert.deepEqual(answer.value?.data, { sensorStats: null });
      const costly = `{ ${
        ["a", "b", "c"].map((n) => `${n}: sensorData(limit: 10000) { id value unit location }`)
      } }`;
      const refused = await client.iterate({ query: costly }).next();
      assert.equal(refused.value?.errors?.[0]?.extensions?.code, "TOO_COSTLY");
      await assert.rejects(client.iterate({ query: "{ nope }" }).next());
    } finally {
      await client.dispose();
    }
  }));

Deno.test("a WebSocket that speaks another protocol, or nonsense, is closed; others go on", () =>
  served(async (stage, url) => {
    const closed = (socket: WebSocket) =>
      new Promise<number>((resolve) => socket.onclose = ({ code }) => resolve(code));
    const nonsense = new WebSocket(`ws://${url}`, "graphql-transport-ws");
    nonsense.onopen = () => nonsense.send("nonsense");
    assert.equal(await closed(nonsense), 4400);
    const unasked = new WebSocket(`ws://${url}`, "graphql-transport-ws");
    unasked.onopen = () =>
      unasked.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query: "{a}" } }));
    assert.equal(await closed(unasked), 4401);
    const foreign = new WebSocket(`ws://${url}`, "graphql-ws");
    let letIn = false;
    foreign.onopen = () => letIn = true;
    await closed(foreign);
    assert.equal(letIn, false);
    assert.deepEqual((await ask(stage, "{ __typename }")).data, { __typename: "Query" });
  }));

Deno.test("when the server stops, subscriptions end", () =>
  served(async (stage, url) => {
    const client = createClient({ url: `ws://${url}`, retryAttempts: 0 });
    const alerts = client.iterate({ query: "subscription { anomalyAlert { id } }" });
    const over = alerts.next().then((result) => result.done, () => true);
    await soon();
    stage.stop();
    assert.equal(await over, true);
    await client.dispose();
  }));

Deno.test("foretold failures are asked for with their reasons, open ones or all, page by page", () =>
  withStage(async (stage) => {
    const atm = tellerOf("atm", "A", NOW - 10 * 3_600_000);
    const bearing = tellerOf("machine", "M", NOW - 3_600_000, "DE");
    await stage.record([
      ...atm.predicted(0, "atm-A.1", 0.9),
      atm.recommended(0, "atm-A.1"),
      atm.cleared(5, "atm-A.1", "failed"),
      atm.hit(5, "atm-A.1", 0, 2),
      ...bearing.predicted(0, "machine-M.1", 0.65),
    ]);
    const fields = `edges { cursor node {
      id kind device part probability riskLevel horizonHours threshold model predictedAt clearedAt
      why outcome leadTimeHours failureAt code action actBy
      factors { feature value contribution }
    } } pageInfo { hasNextPage endCursor }`;
    type Found = { edges: { cursor: string; node: Record<string, unknown> }[]; pageInfo: unknown };
    const find = async (args: string) => {
      const { data, errors } = await ask(stage, `{ predictions(${args}) { ${fields} } }`);
      assert.equal(errors, undefined);
      return data?.predictions as Found;
    };
    const open = await find(`first: 5`);
    assert.deepEqual(open.edges.map(({ node }) => [node.id, node.part, node.riskLevel]), [
      ["machine-M.1", "DE", "high"],
    ]);
    const [past] = (await find(`open: false, kind: "atm", device: "A"`)).edges;
    assert.deepEqual(past?.node.factors, FACTORS);
    assert.deepEqual(
      [past?.node.outcome, past?.node.leadTimeHours, past?.node.model, past?.node.action],
      ["hit", 2, MODEL, "Look at the dispenser"],
    );
    const first = await find(`open: false, first: 1`);
    assert.deepEqual(first.pageInfo, { hasNextPage: true, endCursor: first.edges[0]?.cursor });
    const rest = await find(`open: false, first: 1, after: "${first.edges[0]?.cursor}"`);
    assert.deepEqual(rest.edges.map(({ node }) => node.id), ["atm-A.1"]);
    const wrong = await ask(stage, `{ predictions(kind: "toaster") { edges { cursor } } }`);
    assert.match(wrong.errors?.[0]?.message ?? "", /kind/);
  }));
