/** `./telltale import`: what others have kept in files, through the same door as live messages. */
import { importMachines, MACHINES_HELP } from "./import/machines.ts";
import { importStores, STORES_HELP } from "./import/stores.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

export const command: Command = {
  summary: "bring in what was kept elsewhere: stores, machines",
  help: `Usage: ./telltale import stores [--status FILE] [--hours FILE] [--timezones FILE]
       ./telltale import machines --source URL|PATH [--date D] [--backfill-days N] [--timeout S]

Sends what the sources say to the running Telltale, as if the devices said it: over the bus, through
their actors, into the log. Needs a Telltale that runs (./telltale start) with the same settings.
What the log has already is not sent again, so importing a file twice changes nothing, and a file
that has grown, or is sorted otherwise, adds only what is new. After an interruption import again.

Stores come from CSV files, plain or gzipped, their columns in any order:
${STORES_HELP}

Hours and zones may come together or one after the other: what a file does not mention stays as it
was. A line that cannot be read goes to quarantine with file, line and reason, and is counted at the
end; a file whose ids a spreadsheet has rounded is refused before anything is sent.

Machines come from the plant's server or from files; a reading keeps its own time, and one without
is stamped with the day it was asked for:
${MACHINES_HELP}

In CSV a column "acceleration.rms" is the rms of acceleration. What one machine, bearing or row lacks
keeps no other from being told; it is named at the end, and the exit code is 1.

Examples
  ./telltale import stores --status polls.csv --hours hours.csv --timezones zones.csv
  ./telltale import stores --status polls-of-today.csv.gz
  ./telltale import machines --source https://plant.example/api --date 2026-01-31 --backfill-days 7

Exit codes: 0 all of it is in the log and the read models (unreadable lines in quarantine); 1 it is
not, and why; 2 wrong usage; 130 interrupted`,

  async run([what, ...options], config) {
    if (what === "stores") return await importStores(options, config);
    if (what === "machines") return await importMachines(options, config);
    throw new UsageError(
      what === undefined
        ? "Say what to import: stores or machines"
        : `Cannot import "${what}": expected stores or machines`,
    );
  },
};
