/** The servers below a data folder, and how to end them without asking. */

/** The database's postmaster with every process it has, or the broker; none where it is down. */
export async function processesOf(
  dataDir: string,
  server: "database" | "broker",
): Promise<number[]> {
  const file = server === "database" ? "postgres/cluster/postmaster.pid" : "nats/nats-server.pid";
  let text: string;
  try {
    text = await Deno.readTextFile(`${dataDir}/${file}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const leader = Number.parseInt(text);
  // A pid file may outlive its process, whose number may be somebody else's by now.
  return (await commandLine(leader)).includes(dataDir) ? await treeOf(leader) : [];
}

/** `kill -9` of all of them at once, as an out-of-memory killer would. Returns how many there were. */
export async function kill(dataDir: string, server: "database" | "broker"): Promise<number> {
  const pids = await processesOf(dataDir, server);
  for (const pid of pids) end(pid);
  return pids.length;
}

/** `kill -9` of a process and its children. */
export async function killTree(leader: number): Promise<void> {
  for (const pid of await treeOf(leader)) end(pid);
}

async function treeOf(leader: number): Promise<number[]> {
  const parents = await parentsOfAll();
  return [leader, ...[...parents].filter(([, parent]) => parent === leader).map(([pid]) => pid)];
}

function end(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    // It went with the one before it.
    if (!(error instanceof Deno.errors.NotFound) && !/ESRCH/.test(String(error))) throw error;
  }
}

async function parentsOfAll(): Promise<Map<number, number>> {
  const parents = new Map<number, number>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readOfProcess(`/proc/${name}/stat`);
    // pid (name, which may hold anything) state parent …
    const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  return parents;
}

function commandLine(pid: number): Promise<string> {
  return readOfProcess(`/proc/${pid}/cmdline`);
}

async function readOfProcess(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return ""; // It has ended meanwhile.
  }
}
