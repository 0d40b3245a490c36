import assert from "node:assert/strict";
import { FEATURE_NAMES } from "../../models/features/mod.ts";
import { dashboardRoutes } from "../../routes/dashboard/mod.ts";
import { factorText } from "../../routes/dashboard/page/factors.js";
import { words } from "../../routes/dashboard/page/format.js";

const app = dashboardRoutes();
const PAGE = new URL("../../routes/dashboard/page/", import.meta.url);

Deno.test("every file the page asks for is served, with its type", async () => {
  const html = await (await app.request("/")).text();
  const asked = [...html.matchAll(/(?:src|href)="(\/dashboard\/[^"]+)"/g)].map(([, path]) => path);
  for await (const { name } of Deno.readDir(PAGE)) {
    if (!name.endsWith(".js")) continue;
    const source = await Deno.readTextFile(new URL(name, PAGE));
    const imports = [...source.matchAll(/from "\.\/([^"]+)"/g)];
    asked.push(...imports.map(([, file]) => `/dashboard/${file}`));
  }
  assert.ok(asked.length > 8);
  const types: Record<string, RegExp> = {
    js: /^text\/javascript/,
    css: /^text\/css/,
    svg: /^image\/svg\+xml/,
  };
  for (const path of new Set(asked)) {
    assert.ok(path);
    const response = await app.request(path);
    assert.equal(response.status, 200, path);
    assert.match(
      response.headers.get("content-type") ?? "",
      types[path.split(".")[1] ?? ""] ?? /-/,
    );
    assert.ok((await response.bytes()).length > 0, path);
  }
});

Deno.test("the page may load nothing from elsewhere, and run nothing written into it", async () => {
  const response = await app.request("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|\*|http/);
  const html = await response.text();
  assert.doesNotMatch(html, /https?:\/\//);
  assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|\son\w+=|style=/);
});

Deno.test("no script makes markup out of text", async () => {
  const dangerous = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/;
  for await (const { name } of Deno.readDir(PAGE)) {
    const source = await Deno.readTextFile(new URL(name, PAGE));
    assert.doesNotMatch(source, dangerous, name);
  }
});

Deno.test("the chart library is the one-file build from its package", async () => {
  const source = await (await app.request("/dashboard/chart.js")).text();
  assert.match(source.slice(0, 300), /Chart\.js v4/);
});

Deno.test("every feature of the failure model is put into words", () => {
  for (const feature of FEATURE_NAMES) {
    const text = factorText({ feature, value: 2 });
    assert.doesNotMatch(text, /_|undefined|NaN/, feature);
    // What nobody has put into words shows its own name with spaces.
    assert.notEqual(text, `${words(feature)}: 2`, feature);
  }
  assert.equal(
    factorText({ feature: "e002_started_6h", value: 3 }),
    "Dispenser jam (E002) began in the last 6 h: 3×",
  );
  assert.equal(
    factorText({ feature: "temperature_max", value: null }),
    "Temperature, highest: not known",
  );
  assert.equal(factorText({ feature: "of_tomorrow", value: 0.5 }), "Of tomorrow: 0.5");
});
