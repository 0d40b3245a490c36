/**
 * Processes that may not be our children: whether they live, what they are, how they end.
 *
 * A pid in a file proves nothing: the number may have been given to another program since. What
 * the process says it runs does.
 */
import process from "node:process";

/** Whom a process runs as; undefined for as ourselves. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What a process was started as, one string per argument; empty where there is none. */
export async function commandLine(pid: number): Promise<string[]> {
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", 'cat "/proc/$0/cmdline" 2>/dev/null || ps -o args= -p "$0"', String(pid)],
    stdin: "null",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).split(/\0|\s+/).filter((word) => word !== "");
}

/** The folder a process works in; undefined where that cannot be seen. */
export async function workingFolder(pid: number): Promise<string | undefined> {
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", 'readlink "/proc/$0/cwd"', String(pid)],
    stdin: "null",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim() || undefined;
}

/** Whether any process works in this folder, as far as we may see. */
export async function isWorkedIn(folder: string): Promise<boolean> {
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", "readlink /proc/[0-9]*/cwd"],
    stdin: "null",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).split("\n").includes(folder);
}

/** True for a process that has ended but was not yet waited for, as well. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** Sends a signal; false where there is nobody to receive it. */
export function signal(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || !exists(pid)) return false;
    throw error;
  }
}

/** Resolves with true once the process is gone, with false after the timeout. */
export async function exited(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let round = 1;; round++) {
    if (!exists(pid)) return true;
    // What its parent has not waited for still exists, but runs nothing any more.
    if (round % 10 === 0 && (await commandLine(pid)).length === 0) return true;
    if (performance.now() >= deadline) return false;
    await pause(20);
  }
}

/** Sends each signal in turn, until the process is gone. */
export async function end(
  pid: number,
  steps: readonly { readonly signal: Deno.Signal; readonly waitMs: number }[],
): Promise<boolean> {
  for (const step of steps) {
    if (!signal(pid, step.signal)) return true;
    if (await exited(pid, step.waitMs)) return true;
  }
  return false;
}

const LOG_BYTES_MAX = 16 * 1024 ** 2;

export interface Program {
  readonly path: string;
  readonly args: readonly string[];
  /** Standard output and error are appended here. */
  readonly logFile: string;
  readonly account?: Account | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program in a session of its own, so that a Ctrl-C meant for Telltale does not reach it
 * before Telltale has finished with it. It writes to its log file itself, and so survives us.
 */
export async function launch(
  { path, args, logFile, account, env = {} }: Program,
): Promise<Deno.ChildProcess> {
  await keepLogShort(logFile);
  return new Deno.Command("/bin/sh", {
    args: ["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", logFile, path, ...args],
    cwd: "/",
    env: { ...env },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
    ...account,
  }).spawn();
}

/** A server appends to its log for as long as it runs; the next start may begin a new one. */
async function keepLogShort(logFile: string): Promise<void> {
  try {
    const { size } = await Deno.stat(logFile);
    if (size > LOG_BYTES_MAX) await Deno.rename(logFile, `${logFile}.old`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Runs a program to its end; throws what it printed where it failed. */
export async function run(
  path: string,
  args: readonly string[],
  account?: Account,
): Promise<string> {
  const { success, code, stdout, stderr } = await new Deno.Command(path, {
    args: [...args],
    cwd: "/",
    stdin: "null",
    ...account,
  }).output();
  const printed = new TextDecoder().decode(success ? stdout : stderr).trim();
  if (success) return printed;
  throw new Error(`${path} failed with exit code ${code}: ${printed || "it printed nothing"}`);
}

/** Resolves after that time, or as soon as the signal is given. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    function finish(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    }
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish);
    if (signal?.aborted) finish();
  });
}
