/** Deno's own tools, run on this project by the Deno that runs us. */
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Shows what it prints; resolves with its exit code. */
export async function runDeno(args: readonly string[], cwd: string): Promise<number> {
  // A Ctrl-C reaches it as well: it says what it has to say, and its exit code is passed on.
  const wait = () => {};
  Deno.addSignalListener("SIGINT", wait);
  try {
    const child = new Deno.Command(Deno.execPath(), { args: [...args], cwd }).spawn();
    return (await child.status).code;
  } finally {
    Deno.removeSignalListener("SIGINT", wait);
  }
}
