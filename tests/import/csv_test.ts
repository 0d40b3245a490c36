/** Files as people and spreadsheets write them, and what is read from them. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { UserError } from "../../commands/command.ts";
import { parsePiece, readPieces } from "../../commands/import/csv.ts";
import { type FileKind, surveyFile } from "../../commands/import/files.ts";
import { removeFolder, temporaryFolder } from "../support/servers.ts";

async function withFile<Result>(
  content: string | Uint8Array,
  use: (path: string) => Promise<Result>,
  name = "file.csv",
): Promise<Result> {
  const folder = await temporaryFolder();
  try {
    const path = `${folder}/${name}`;
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    return await use(path);
  } finally {
    await removeFolder(folder);
  }
}

/** Line number and cells of every line. */
function rowsOf(content: string | Uint8Array): Promise<[number, string[]][]> {
  return withFile(content, async (path) => {
    const rows: [number, string[]][] = [];
    for await (const piece of readPieces(path)) {
      parsePiece(piece, ",").forEach((cells, i) => rows.push([piece.firstLine + i, cells]));
    }
    return rows;
  });
}

Deno.test("lines are rows, with byte order mark, carriage returns, quotes or without", async () => {
  const expected = [[1, ["a", "b"]], [2, ["1", 'x,"y"']], [3, ["2", ""]]];
  for (
    const text of [
      'a,b\n1,"x,""y"""\n2,\n',
      '\ufeffa,b\r\n1,"x,""y"""\r\n2,\r\n',
      '"a","b"\n"1","x,""y"""\n"2",""',
    ]
  ) {
    assert.deepEqual(await rowsOf(text), expected);
    assert.deepEqual(await rowsOf(gzipSync(text)), expected);
  }
});

Deno.test("empty lines keep their numbers, and a quote nobody closes spoils its own line only", async () => {
  assert.deepEqual(await rowsOf('a,b\n\n1,"2\n3,4\n5,6\n"7,8\n9,10\n'), [
    [1, ["a", "b"]],
    [2, [""]],
    [3, ["1", "2"]],
    [4, ["3", "4"]],
    [5, ["5", "6"]],
    [6, ["7,8"]],
    [7, ["9", "10"]],
  ]);
});

Deno.test("a large file comes in pieces, and every line is numbered", async () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `${i + 1},€`);
  for (const content of [lines.join("\n"), gzipSync(lines.join("\r\n"))]) {
    const rows = await rowsOf(content);
    assert.equal(rows.length, lines.length);
    assert.ok(rows.every(([line, [number, sign]]) => String(line) === number && sign === "€"));
  }
});

async function refusal(kind: FileKind, content: string | Uint8Array): Promise<string> {
  return await withFile(content, async (path) => {
    try {
      await surveyFile(kind, path);
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      return error.message.replace(path, "FILE");
    }
    throw new Error("The file was not refused");
  });
}

Deno.test("columns are found by their names, in any order and case, with others between", () =>
  withFile(
    "Status;note;STORE_ID;timestamp_utc\nactive;x;1;2023-01-22 12:00:00 UTC\n",
    async (path) => {
      const { columns, delimiter, columnCount, lines } = await surveyFile("status", path);
      assert.deepEqual(columns, { id: 2, status: 0, at: 3 });
      assert.deepEqual([delimiter, columnCount, lines], [";", 4, 2]);
    },
  ));

Deno.test("a file without a column that is needed is refused, and says which", async () => {
  assert.equal(
    await refusal("hours", "store_id,day,start_time_local\n1,0,09:00\n"),
    'Cannot import FILE: it has no column "end_time_local". A --hours file has the columns ' +
      "store_id, day (or dayOfWeek, 0 = Monday), start_time_local and end_time_local, in any " +
      'order; this one has "store_id", "day", "start_time_local"',
  );
  assert.match(await refusal("status", ""), /FILE: it is empty; expected a line that names/);
  assert.match(await refusal("timezones", "\u0000\u0001\u0002"), /no column "store_id"/);
  assert.match(await refusal("status", "x".repeat(1_000_000)), /line 1 is longer than/);
  const cut = gzipSync("store_id,timezone_str\n".repeat(1000)).slice(0, 40);
  assert.match(await refusal("timezones", cut), /^Cannot read FILE: /);
  await assert.rejects(() => surveyFile("status", "/nowhere.csv"), /there is no such file/);
});

Deno.test("a file whose ids were rounded is refused, wherever the first of them is", async () => {
  const header = "store_id,timezone_str\n";
  const good = "8139926242460185114,Asia/Beirut\n".repeat(50_000);
  const message = await refusal("timezones", `${header}${good}8.13992624246019E+018,Asia/Beirut\n`);
  assert.match(message, /rounded its ids \(line 50002 says 8\.13992624246019E\+018\)/);
  assert.match(message, /Nothing was sent$/);
  assert.match(
    await refusal("timezones", 'timezone_str,store_id\nAsia/Beirut,"8,1E+18"\n'),
    /line 2 says 8,1E\+18/,
  );
  const cut = Array.from({ length: 30 }, (_, i) => `${813_992_624_246_019 + i}0000,Asia/Beirut\n`);
  assert.match(await refusal("timezones", header + cut.join("")), /all its long ids end in zeros/);
});

Deno.test("ids that only look like rounded ones are ids", () =>
  withFile(
    "store_id,timezone_str\n1E10,Asia/Beirut\n7e3,UTC\n9000000000000000000,UTC\n",
    async (path) => {
      assert.equal((await surveyFile("timezones", path)).lines, 4);
    },
  ));
