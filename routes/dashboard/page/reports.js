/** Uptime reports: ask for one, watch it being made, fetch it, and have it made again and again. */
import { get, send } from "./api.js";
import { button, fill, make, panel, pill, withWidth } from "./elements.js";
import { ago, count, duration, moment } from "./format.js";
import { recurringForm, reportForm } from "./report_forms.js";

const SHOWN_MAX = 30;
/** While one is being made its progress is looked at this often. */
const WATCH_MS = 500;

const TONES = {
  queued: "dim",
  running: "warn",
  finished: "good",
  failed: "bad",
  cancelled: "dim",
};

const FORMATS = { summary: "Summary", csv: "CSV", json: "JSON", xlsx: "Spreadsheet" };

/** Fills the view; returns how to bring it up to date, and how to leave it. */
export function openReports(view, onProblem) {
  const reports = make("ul", { class: "list reports" });
  const recurring = make("ul", { class: "list reports" });
  let watching;
  let closed = false;

  function attempt(work) {
    return (id) => work(id).then(refresh).catch(onProblem);
  }

  /** For forms, which show themselves what was wrong with them. */
  async function ask(path, body) {
    await send("POST", path, body);
    refresh().catch(onProblem);
  }

  const actions = {
    cancel: attempt((id) => send("POST", `/reports/${id}/cancel`)),
    remove: attempt((id) => send("DELETE", `/reports/${id}`)),
    removeRecurring: attempt((id) => send("DELETE", `/reports/recurring/${id}`)),
  };

  view.replaceChildren(
    make("h1", {}, "Store uptime reports"),
    make(
      "div",
      { class: "columns" },
      panel("Reports", reports),
      make(
        "div",
        { class: "stack" },
        panel("New report", reportForm((body) => ask("/reports", body))),
        panel(
          "Recurring reports",
          recurring,
          recurringForm((body) => ask("/reports/recurring", body)),
        ),
      ),
    ),
  );

  async function refresh() {
    const [page, again] = await Promise.all([
      get("/reports", { limit: SHOWN_MAX }),
      get("/reports/recurring"),
    ]);
    if (closed) return;
    const names = new Map(again.recurring.map(({ id, name }) => [id, name]));
    fill(
      reports,
      page.reports.map((report) => [
        JSON.stringify(report),
        () => reportItem(report, names, actions),
      ]),
      "No report yet. Ask for one, or have it made every morning.",
    );
    fill(
      recurring,
      again.recurring.map((each) => [JSON.stringify(each), () => recurringItem(each, actions)]),
      "None yet.",
    );
    clearTimeout(watching);
    if (page.reports.some(({ state }) => state === "queued" || state === "running")) {
      watching = setTimeout(() => refresh().catch(onProblem), WATCH_MS);
    }
  }

  return {
    refresh,
    close() {
      closed = true;
      clearTimeout(watching);
    },
  };
}

function reportItem(report, names, actions) {
  const { id, state, request, file, reason, created_at: createdAt } = report;
  const unfinished = state === "queued" || state === "running";
  const act = (text, action) => button(text, () => action(id));
  return make(
    "li",
    {},
    make(
      "span",
      {},
      pill(state, TONES[state]),
      make("strong", { class: "title" }, ` ${FORMATS[request.format]}`),
    ),
    make(
      "time",
      { class: "when", title: moment(createdAt), "data-since": createdAt },
      ago(createdAt),
    ),
    make("span", { class: "what" }, described(report, names)),
    unfinished ? progressOf(report) : undefined,
    reason ? make("span", { class: "what" }, `Why: ${reason}`) : undefined,
    make(
      "span",
      { class: "actions" },
      file
        ? make(
          "a",
          { class: "button", href: file.url, download: file.name },
          `Download (${size(file.bytes)})`,
        )
        : undefined,
      unfinished ? act("Cancel", actions.cancel) : act("Remove", actions.remove),
    ),
  );
}

function described({ request, recurring, progress, state }, names) {
  const { windows, from, to, now, stores, staleness_seconds: staleness } = request;
  const parts = [
    windows ? `last ${windows.join(", ")}` : `${moment(from)} to ${to ? moment(to) : "now"}`,
    now ? `as of ${moment(now)}` : undefined,
    stores === null
      ? state === "finished" ? `${count(progress.stores_done)} stores` : "every store"
      : `${count(stores)} ${stores === 1 ? "store" : "stores"}`,
    staleness === null ? undefined : `unknown after ${duration(1000 * staleness)}`,
    recurring ? `by “${names.get(recurring) ?? "a recurring report"}”` : undefined,
  ];
  return parts.filter(Boolean).join(" · ");
}

function progressOf({ progress: { stores_done: done, stores_total: total } }) {
  const share = total ? done / total : 0;
  return make(
    "span",
    {
      class: "bar",
      role: "progressbar",
      "aria-label": "Stores done",
      "aria-valuemin": 0,
      "aria-valuemax": total ?? 1,
      "aria-valuenow": done,
    },
    withWidth(make("span", { "data-tone": "good" }), share),
  );
}

function recurringItem({ id, name, cron, zone, report, next_run_at: next }, actions) {
  return make(
    "li",
    {},
    make("strong", { class: "title" }, name),
    button("Remove", () => actions.removeRecurring(id), `Remove the recurring report ${name}`),
    make(
      "span",
      { class: "what" },
      `${FORMATS[report.format]} · ${cron} (${zone}) · next ${next ? moment(next) : "never"}`,
    ),
  );
}

function size(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
