/** Calls `./telltale` as a person does, on a data folder that nobody is running on. */
const ROOT = new URL("../../", import.meta.url).pathname;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function telltale(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(`${ROOT}telltale`, {
    args: [...args],
    env: { ...withoutOurs(Deno.env.toObject()), ...env },
    clearEnv: true,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The surrounding shell's settings would make it look at another log than the test means. */
function withoutOurs(env: Record<string, string>): Record<string, string> {
  const { DATA_DIR: _d, DATABASE_URL: _u, NATS_URL: _n, KV_URL: _k, PARTITIONS: _p, ...rest } = env;
  return rest;
}
