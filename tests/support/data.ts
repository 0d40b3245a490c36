/** Real data for tests, which is no part of the project: beside it, or where TELLTALE_DATA says. */

const FOLDER = Deno.env.get("TELLTALE_DATA") ??
  new URL("../../../shared/data", import.meta.url).pathname;

/**
 * The rows of a CSV file (gzipped where its name says so), by column name. Undefined where the
 * data is not at hand; the test is then skipped, and says so.
 */
export async function readData(path: string): Promise<Record<string, string>[] | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(`${FOLDER}/${path}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const bytes = path.endsWith(".gz")
    ? file.readable.pipeThrough(new DecompressionStream("gzip"))
    : file.readable;
  const [header = "", ...lines] = (await new Response(bytes).text()).trim().split(/\r?\n/);
  const names = header.split(",");
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
  });
}

/** Where a folder of the data is; undefined where it is not at hand. */
export async function dataFolder(path: string): Promise<string | undefined> {
  try {
    return (await Deno.stat(`${FOLDER}/${path}`)).isDirectory ? `${FOLDER}/${path}` : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** For what reads files and folders itself. */
export function dataPath(path: string): string {
  return `${FOLDER}/${path}`;
}

/** Says on the test's output why nothing was tested. */
export function skipped(path: string): void {
  Deno.stdout.writeSync(
    new TextEncoder().encode(`skipped: ${FOLDER}/${path} is absent (set TELLTALE_DATA)\n`),
  );
}
