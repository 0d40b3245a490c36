/** Deno's own tools, run on this project by the Deno that runs us. */
import { fileURLToPath } from "node:url";
import { signal } from "../services/process.ts";

/** The project's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../", import.meta.url));

const STOPPING = ["SIGINT", "SIGTERM"] as const;

/** Shows what it prints; resolves with its exit code. */
export async function runDeno(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: [...args], cwd, env: { ...env } })
    .spawn();
  // Passed on, for not every Ctrl-C comes from a terminal, which tells it as well. It says what it
  // has to say, and its exit code is ours.
  const passOn = STOPPING.map((name) => [name, () => signal(child.pid, name)] as const);
  for (const [name, listener] of passOn) Deno.addSignalListener(name, listener);
  try {
    return (await child.status).code;
  } finally {
    for (const [name, listener] of passOn) Deno.removeSignalListener(name, listener);
  }
}
