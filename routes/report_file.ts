/** The file of a finished report, as an attachment. */
import type { Sql } from "../events/log/database.ts";
import { fileName, MEDIA_TYPES } from "../reports/files.ts";
import { readFile, type Report } from "../reports/jobs.ts";
import { ProblemError } from "./problem.ts";

export async function fileResponse(sql: Sql, report: Report): Promise<Response> {
  const stored = await readFile(sql, report.id);
  // Between the look at the report and the look at its file it may have been removed.
  if (stored === undefined) throw unknownReport(report.id);
  const body = new Blob([stored]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(body, {
    headers: {
      "content-type": MEDIA_TYPES[report.request.format],
      "content-length": String(report.fileBytes),
      "content-disposition": `attachment; filename="${fileName(report.id, report.request)}"`,
      "x-content-type-options": "nosniff",
    },
  });
}

export function unknownReport(id: string): ProblemError {
  return new ProblemError(404, "report-unknown", `There is no report "${id}"`);
}
