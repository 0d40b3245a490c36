/** `./telltale import stores`, as a person calls it, beside a Telltale that runs. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { provideDatabase } from "../../services/mod.ts";
import { type Outcome, telltale as call } from "../audit/run.ts";
import { readData, skipped } from "../support/data.ts";
import { newerBroker } from "../support/newer_nats.ts";
import { removeFolder, temporaryFolder } from "../support/servers.ts";
import { type RunningTelltale, type StartOptions, startTelltale } from "../support/telltale.ts";

type Row = Record<string, string>;

const POLLS = "stores/polls_real_5032.csv";
const HOURS = "stores/v2023_business_hours.csv.gz";
const ZONES = "stores/v2023_store_timezones.csv.gz";
const ROUNDED = "stores/timezones_corrupted_ids.csv.gz";
/** Of the real stores, so that the test is quick on a machine that is not. */
const STORES = 1_000;

Deno.test("real polls, hours and zones are imported once, however often and however sorted", async () => {
  const [polls, allHours, allZones] = await Promise.all([POLLS, HOURS, ZONES].map(readData));
  if (!polls || !allHours || !allZones) return skipped(POLLS);
  const stores = new Set(polls.slice(0, STORES).map(({ store_id = "" }) => store_id));
  const ofStores = (row: Row) => stores.has(row.store_id ?? "");
  const hours = allHours.filter(ofStores);
  const zones = allZones.filter(ofStores);

  await withTelltale(async ({ run, offset, report, folder }) => {
    const files = [
      ...["--status", await write(`${folder}/polls.csv`, polls.slice(0, 2_000))],
      ...["--hours", await write(`${folder}/hours.csv.gz`, hours)],
      ...["--timezones", await write(`${folder}/zones.csv`, zones)],
    ];
    const first = await run(files);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^2,000 polls: 2,000 new, 0 known already/m);
    const [after, before] = [await offset(), await report()];
    assert.ok(before.split("\n").length > 500);

    const again = await run(files);
    assert.match(again.stdout, /^2,000 polls: 0 new, 2,000 known already/m);
    assert.match(again.stdout, /: 0 new or changed,/);
    assert.equal(await offset(), after);
    assert.equal(await report(), before);

    // Grown by one poll, sorted and written otherwise.
    const grown = polls.slice(0, 2_001).sort((a, b) =>
      (a.store_id ?? "") < (b.store_id ?? "") ? 1 : -1
    );
    const more = await run([
      ...["--status", await write(`${folder}/grown.csv`, grown, { reverseColumns: true })],
      ...["--hours", await write(`${folder}/hours2.csv`, hours.toReversed())],
      ...["--timezones", await write(`${folder}/zones2.csv.gz`, zones.toReversed())],
    ]);
    assert.match(more.stdout, /^2,001 polls: 1 new, 2,000 known already/m);
    assert.match(more.stdout, /: 0 new or changed,/);
    // The poll, and for a store never heard of before that it is there and in which status.
    const grewBy = await offset() - after;
    assert.ok(grewBy >= 1 && grewBy <= 3, `the log grew by ${grewBy}`);

    const rounded = await readData(ROUNDED);
    if (!rounded) return skipped(ROUNDED);
    const refused = await run([
      "--timezones",
      await write(`${folder}/rounded.csv`, rounded),
      ...files.slice(0, 2),
    ]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /a spreadsheet has rounded its ids .*Nothing was sent/);
    assert.equal(await offset(), after + grewBy);
  });
});

Deno.test("a line that cannot be read is quarantined once, with file, line and reason", () =>
  withTelltale(async ({ run, offset, get, folder }) => {
    const path = `${folder}/bad.csv`;
    const lines = [
      "\ufeffstatus,store_id,timestamp_utc",
      "active,1,2023-01-22 12:09:39.388884 UTC",
      "sleeping,1,2023-01-22 13:09:39 UTC",
      "",
      '"inactive","2","2023-01-22 13:00:00 UTC"',
      "active,two words,2023-01-22 13:00:00 UTC",
      "active,3,yesterday",
      "active,3",
      "active,4,2023-01-22 13:00:00 UTC",
    ];
    await Deno.writeTextFile(path, lines.join("\r\n"));
    const first = await run(["--status", path]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^3 polls: 3 new/m);
    assert.match(first.stdout, /^4 lines could not be read and went to quarantine:$/m);
    assert.match(
      first.stdout,
      /bad\.csv, line 3: status is "sleeping"; expected active or inactive/,
    );
    const reasons = async () =>
      (await get("/api/v1/quarantine")).messages.map(({ reason }: Row) => reason).sort();
    const expected = await reasons();
    assert.equal(expected.length, 4);
    assert.match(expected[1], /^bad\.csv, line 6: store_id is "two words"/);
    assert.match(expected[3], /^bad\.csv, line 8: it has 2 columns, the first line has 3/);

    const after = await offset();
    await Deno.writeTextFile(path, [lines[0], "", ...lines.slice(1).reverse()].join("\n"));
    const again = await run(["--status", path]);
    assert.match(again.stdout, /^3 polls: 0 new, 3 known/m);
    assert.match(again.stdout, /^4 lines .* \(4 of them in an earlier import\):$/m);
    assert.deepEqual(await reasons(), expected);
    assert.equal(await offset(), after);

    const wrong = await run(["--hours", path]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /it has no column "day"/);
  }));

Deno.test("hours and zones may come one after the other; neither takes the other away", () =>
  withTelltale(async ({ run, get, folder }) => {
    const hours = [{
      store_id: "1",
      dayOfWeek: "0",
      start_time_local: "09:00",
      end_time_local: "17:00",
    }];
    const zones = [{ store_id: "1", timezone_str: "Asia/Beirut" }];
    for (
      const [option, rows] of [
        ["--timezones", zones],
        ["--hours", hours],
        ["--timezones", [{ store_id: "1", timezone_str: "Asia/Kathmandu" }]],
      ] as const
    ) {
      const { code, stderr } = await run([option, await write(`${folder}/f.csv`, rows)]);
      assert.equal(code, 0, stderr);
    }
    const { attributes } = await get("/api/v1/devices/store/1");
    assert.equal(attributes.schedule.timezone_str, "Asia/Kathmandu");
    assert.equal(attributes.schedule.hours.length, 1);
  }));

Deno.test("an importer that is killed has lost nothing, and the next one tells nothing twice", () =>
  withTelltale(async ({ run, start, offset, pollsInLog, folder }) => {
    const rows: Row[] = [];
    for (let i = 0; i < 60_000; i++) {
      const at = new Date(Date.UTC(2023, 0, 1) + i * 61_000).toISOString();
      rows.push({ store_id: String(i % 3_000), status: "active", timestamp_utc: at });
    }
    const files = ["--status", await write(`${folder}/polls.csv.gz`, rows)];
    const killed = start(files);
    while (await offset() < 100) await new Promise((resolve) => setTimeout(resolve, 10));
    killed.kill("SIGKILL");
    await killed.status;
    const before = await pollsInLog();
    assert.ok(before < 60_000, "it was done before it was killed");

    const { code, stderr, stdout } = await run(files);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^60,000 polls: /m);
    assert.equal(await pollsInLog(), 60_000);
  }));

Deno.test("with several partitions the next import waits for nobody who has nothing to do", async () => {
  const broker = await newerBroker();
  if (broker === undefined) return;
  const partitioned = { env: { NATS_URL: broker.url, PARTITIONS: "3" } };
  try {
    await withTelltale(async ({ run, offset, folder }) => {
      const rows = Array.from({ length: 300 }, (_, i) => ({
        store_id: String(i % 7),
        status: i % 5 === 0 ? "inactive" : "active",
        timestamp_utc: `2023-01-22 ${String(i % 24).padStart(2, "0")}:00:0${i % 10}.5 UTC`,
      }));
      const files = ["--status", await write(`${folder}/polls.csv`, rows)];
      assert.match((await run(files)).stdout, /^300 polls: 300 new/m);
      const after = await offset();
      const startedAt = performance.now();
      assert.match((await run(files)).stdout, /^300 polls: 0 new, 300 known/m);
      assert.ok(performance.now() - startedAt < 20_000);
      assert.equal(await offset(), after);
    }, partitioned);
  } finally {
    await broker.stop();
  }
});

Deno.test("without a Telltale that runs, import says what to do", async () => {
  const folder = await temporaryFolder();
  try {
    const path = await write(`${folder}/zones.csv`, [{ store_id: "1", timezone_str: "UTC" }]);
    const env = { DATA_DIR: folder, NATS_PORT: "1" };
    const { code, stderr } = await call(["import", "stores", "--timezones", path], env);
    assert.equal(code, 1);
    assert.match(stderr, /^telltale: Cannot reach a NATS server .* Start Telltale first/);
    assert.equal((await call(["import", "stores"], env)).code, 2);
    assert.equal((await call(["import", "shops", "--status", path], env)).code, 2);
  } finally {
    await removeFolder(folder);
  }
});

interface Stage {
  readonly folder: string;
  /** Imports stores, to its end. */
  run(args: readonly string[]): Promise<Outcome>;
  /** The same, in its middle. */
  start(args: readonly string[]): Deno.ChildProcess;
  /** Events in the log. */
  offset(): Promise<number>;
  pollsInLog(): Promise<number>;
  // deno-lint-ignore no-explicit-any -- as JSON comes
  get(path: string): Promise<any>;
  /** The contract's report, as CSV. */
  report(): Promise<string>;
}

async function withTelltale(
  test: (stage: Stage) => Promise<void>,
  options: StartOptions = {},
): Promise<void> {
  const telltale = await startTelltale(options);
  const folder = await temporaryFolder();
  try {
    await test(stageOf(telltale, folder));
  } finally {
    assert.equal(await telltale.stop(), 0);
    await removeFolder(folder);
  }
}

function stageOf({ url, natsUrl, dataDir }: RunningTelltale, folder: string): Stage {
  const env = { DATA_DIR: dataDir, NATS_URL: natsUrl };
  async function get(path: string) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.status, 200, path);
    return await response.json();
  }
  return {
    folder,
    get,
    run: (args) => call(["import", "stores", ...args], env),
    start: (args) =>
      new Deno.Command(new URL("../../telltale", import.meta.url).pathname, {
        args: ["import", "stores", ...args],
        env,
        stdout: "null",
        stderr: "null",
      }).spawn(),
    offset: async () => (await get("/api/v1/stats")).events,
    async pollsInLog() {
      const database = await provideDatabase({ dataDir, databaseUrl: undefined }, { shared: true });
      const sql = database.connect("test", 1);
      try {
        const [row] = await sql`
          select coalesce(sum(json_array_length(data -> 'polls')), 0)::int as polls
          from events where type = 'PollsReported'`;
        return Number(row?.polls);
      } finally {
        await sql.end();
        await database.stop();
      }
    },
    async report() {
      const triggered = await fetch(`${url}/trigger_report`, { method: "POST" });
      const { report_id } = await triggered.json();
      for (;;) {
        const response = await fetch(`${url}/get_report/${report_id}`);
        const text = await response.text();
        if (response.headers.get("content-type")?.startsWith("text/csv")) return text;
        assert.match(text, /Running/);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

async function write(
  path: string,
  rows: readonly Row[],
  { reverseColumns = false } = {},
): Promise<string> {
  const names = Object.keys(rows[0] ?? {});
  if (reverseColumns) names.reverse();
  const lines = [names.join(","), ...rows.map((row) => names.map((name) => row[name]).join(","))];
  const text = lines.join("\n") + "\n";
  await Deno.writeFile(
    path,
    path.endsWith(".gz") ? gzipSync(text) : new TextEncoder().encode(text),
  );
  return path;
}
