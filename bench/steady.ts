/** Helpers that run beside what is measured: a steady publisher, and a crowd of watchers. */

export interface Steady {
  readonly rate: number;
  readonly seconds: number;
  readonly devices: number;
  readonly seed: number;
}

/** Resolves when every message is acknowledged; throws when one was not. */
export async function publishSteadily(
  natsUrl: string,
  { rate, seconds, devices, seed }: Steady,
): Promise<void> {
  const child = helper("steady_publisher", [natsUrl, rate, seconds, devices, seed]);
  const { success, stdout } = await child.output();
  if (!success) throw new Error("The steady publisher failed");
  const { count, failed } = JSON.parse(new TextDecoder().decode(stdout));
  if (failed > 0) throw new Error(`JetStream did not acknowledge ${failed} of ${count} messages`);
}

export interface Crowd {
  /** Ends them; throws unless every one of them was served until now. */
  leave(): Promise<void>;
}

/** Resolves when so many watch the live feed. */
export async function gatherCrowd(feedUrl: string, watchers: number): Promise<Crowd> {
  const child = helper("watchers", [feedUrl, watchers]);
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const first = await output.read();
  if (first.value !== "watching\n") throw new Error(`The watchers failed: ${first.value ?? ""}`);
  return {
    async leave() {
      await child.stdin.close();
      const { value = "{}" } = await output.read();
      await output.cancel();
      await child.status;
      const { served, dropped } = JSON.parse(value);
      if (served !== watchers) {
        throw new Error(`${served} of ${watchers} watchers were served, ${dropped} dropped`);
      }
    },
  };
}

/** Milliseconds since 1970 with their fractions: the same clock in every process of a machine. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

/** Runs `bench/<name>.ts` as a process of its own. */
export function helper(name: string, args: readonly (string | number)[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      new URL(`./${name}.ts`, import.meta.url).pathname,
      ...args.map(String),
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}
