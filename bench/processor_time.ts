/**
 * How much processor time programs have used so far.
 *
 * On a machine that others use too, what a message costs says more than how many fit into a second.
 */

/** The unit of /proc: a hundredth of a second on every Linux there is. */
const TICK_US = 10_000;

/** Microseconds of one core, the kernel's work included, by process. */
export interface ProcessorTimes {
  of(pid: number): number;
  /** With the processes it has started, as PostgreSQL does for every connection. */
  withChildren(pid: number): number;
}

/** Of every process now; all zero where the system does not tell (other than Linux). */
export async function processorTimes(): Promise<ProcessorTimes> {
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", "cat /proc/[0-9]*/stat"],
    stdin: "null",
    stderr: "null",
  }).output();
  const processes = new TextDecoder().decode(stdout).split("\n").map(read);
  const sum = (wanted: (one: Process) => boolean) =>
    processes.filter(wanted).reduce((us, one) => us + one.us, 0);
  return {
    of: (pid) => sum((one) => one.pid === pid),
    withChildren: (pid) => sum((one) => one.pid === pid || one.parent === pid),
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly us: number;
}

/** `pid (name) state parent …`; the name may hold anything. */
function read(stat: string): Process {
  const [, parent = 0, , , , , , , , , , user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  return { pid: Number.parseInt(stat, 10), parent, us: (user + system) * TICK_US };
}
