/** A nats-server new enough for several partitions (`subject_transform`, 2.10). */
import { freePort, removeFolder, temporaryFolder } from "./servers.ts";

export interface NewerBroker {
  readonly url: string;
  stop(): Promise<void>;
}

/** Prints the path of one; it may have to fetch it first. */
const FINDER = new URL("../../../shared/tools/newer-nats", import.meta.url).pathname;

/** Undefined, and said on the output, where there is none: set TELLTALE_NATS_SERVER_NEW to its path. */
export async function newerBroker(): Promise<NewerBroker | undefined> {
  const program = Deno.env.get("TELLTALE_NATS_SERVER_NEW") ??
    await printedBy("nats-server", FINDER);
  if (program === undefined) {
    Deno.stdout.writeSync(
      new TextEncoder().encode(
        "skipped: no nats-server 2.10 or newer (set TELLTALE_NATS_SERVER_NEW to its path)\n",
      ),
    );
    return undefined;
  }
  const folder = await temporaryFolder();
  const port = freePort();
  const child = new Deno.Command(program, {
    args: ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const kill = () => child.kill("SIGKILL");
  globalThis.addEventListener("unload", kill);
  await listening(port);
  return {
    url: `nats://127.0.0.1:${port}`,
    async stop() {
      globalThis.removeEventListener("unload", kill);
      child.kill("SIGTERM");
      await child.status;
      await removeFolder(folder);
    },
  };
}

/** The path one of these programs knows of: nats-server itself where it is new, else the finder's. */
async function printedBy(installed: string, finder: string): Promise<string | undefined> {
  const version = await output(installed, "--version") ?? "";
  const [, major = "0", minor = "0"] = /v(\d+)\.(\d+)/.exec(version) ?? [];
  if (+major > 2 || (+major === 2 && +minor >= 10)) return installed;
  return (await output(finder))?.trim();
}

/** What a program prints; undefined where it is absent or fails. */
async function output(program: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function listening(port: number): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (attempt === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
