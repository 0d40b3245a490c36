import assert from "node:assert/strict";
import { withStage } from "./stage.ts";

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: string[];
  readonly parameters?: { readonly name: string; readonly in: string; readonly schema?: object }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema?: object }> };
  readonly responses: Record<
    string,
    { readonly description?: string; readonly content?: Record<string, { schema?: object }> }
  >;
}

/** What is served for browsers, and no part of the API. */
const PAGES = /^\/(?:$|docs|redoc|dashboard|openapi\.json)/;

Deno.test("the OpenAPI document describes every route there is, completely", () =>
  withStage(async ({ app }) => {
    const document = await (await app.request("/openapi.json")).json();
    assert.equal(document.openapi, "3.1.0");

    const described = new Set<string>();
    const operationIds = new Set<string>();
    for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const name = `${method.toUpperCase()} ${path}`;
        described.add(name);
        assert(operation.summary && operation.tags, `${name} has a summary and tags`);
        assert(
          operation.operationId && !operationIds.has(operation.operationId),
          `${name} has an id`,
        );
        operationIds.add(operation.operationId);
        for (const parameter of operation.parameters ?? []) {
          assert(parameter.schema, `${name} describes ${parameter.name}`);
        }
        const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
        const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, placeholder]) => placeholder);
        assert.deepEqual(inPath.map((parameter) => parameter.name), placeholders, name);
        for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
          assert(schema, `${name} describes its body`);
        }
        if (method === "post" || method === "put") {
          assert(operation.requestBody, `${name} has a body`);
        }
        for (const [status, { description, content }] of Object.entries(operation.responses)) {
          assert(description, `${name} describes ${status}`);
          for (const { schema } of Object.values(content ?? {})) {
            assert(schema, `${name} gives ${status} a schema`);
          }
        }
      }
    }

    const served = app.routes
      .filter(({ path, method }) => method !== "ALL" && !PAGES.test(path))
      .map(({ path, method }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    assert.deepEqual([...new Set(served)].sort(), [...described].sort());
  }));

Deno.test("every reference in the OpenAPI document leads somewhere", () =>
  withStage(async ({ app }) => {
    const text = await (await app.request("/openapi.json")).text();
    const { components } = JSON.parse(text);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    assert(references.length > 10);
    for (const [, name] of references) assert(components.schemas[name ?? ""], `${name} is there`);
  }));

for (const path of ["/docs", "/redoc"]) {
  Deno.test(`${path} loads everything from here`, () =>
    withStage(async ({ app }) => {
      const response = await app.request(path);
      assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
      assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'self'/);
      const page = await response.text();
      const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? "");
      assert(assets.length >= 3);
      for (const asset of assets) {
        assert.match(asset, /^\/[^/]/, "no other server is named");
        const answer = await app.request(asset);
        assert.equal(answer.status, 200, asset);
        assert((await answer.text()).length > 50, asset);
      }
    }));
}

Deno.test("requests are counted by pattern, never by path", () =>
  withStage(async ({ app }) => {
    await app.request("/api/v1/devices/atm/ATM-1");
    await app.request("/api/v1/devices/atm/ATM-2");
    await app.request("/nothing/at/all");
    const text = await (await app.request("/metrics")).text();
    const route = `route="/api/v1/devices/:kind/:id"`;
    assert(text.includes(`http_requests_total{method="GET",${route},status="404"} 2`));
    assert(text.includes(`http_requests_total{method="GET",route="none",status="404"} 1`));
    assert(text.includes(`http_request_duration_seconds_count{method="GET",${route}} 2`));
    assert(!text.includes("ATM-1"));
  }));

Deno.test("a part that is not ready makes a 503 that says which", () =>
  withStage(async ({ app }) => {
    const response = await app.request("/health/ready");
    assert.equal(response.status, 503);
    const { ok, parts } = await response.json();
    assert.equal(ok, false);
    assert.deepEqual(parts.broker, { ok: false, detail: "no answer" });
    assert.equal((await app.request("/health/live")).status, 200);
  }, {
    readiness: () =>
      Promise.resolve({ ok: false, parts: { broker: { ok: false, detail: "no answer" } } }),
  }));
