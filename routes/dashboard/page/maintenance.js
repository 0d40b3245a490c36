/** What is to be done about devices: recommended, scheduled, and what became of it. */
import { get, send } from "./api.js";
import { button, choice, fill, make, panel, pill } from "./elements.js";
import { ago, moment, shortMoment, words } from "./format.js";
import { field, onSubmit } from "./report_forms.js";
import { OUTCOMES, partLink } from "./predictions.js";

const SHOWN_MAX = 100;
const ENDED_MAX = 20;

const TONES = {
  recommended: "bad",
  scheduled: "warn",
  done: "good",
  cancelled: "dim",
  closed: "dim",
};

/** Fills the view; returns how to bring it up to date, and how to leave it. */
export function openMaintenance(view, onProblem) {
  const lists = {
    recommended: make("ul", { class: "list whole" }),
    scheduled: make("ul", { class: "list whole" }),
    ended: make("ul", { class: "list whole" }),
  };
  let closed = false;

  async function change(entry, body) {
    await send("PUT", `/maintenance/${encodeURIComponent(entry)}`, body);
    refresh().catch(onProblem);
  }

  view.replaceChildren(
    make("h1", {}, "Maintenance"),
    make(
      "div",
      { class: "columns" },
      panel("Recommended: nobody has planned it yet", lists.recommended),
      make(
        "div",
        { class: "stack after" },
        panel("Scheduled", lists.scheduled),
        panel("New entry", newEntry()),
        panel("Lately ended", lists.ended),
      ),
    ),
  );

  function newEntry() {
    const form = scheduleForm("Schedule", async (planned) => {
      const { kind, device, part } = form.elements;
      await send("POST", "/maintenance", {
        kind: kind.value,
        device: device.value.trim(),
        ...(part.value.trim() ? { part: part.value.trim() } : {}),
        ...planned,
      });
      form.reset();
      refresh().catch(onProblem);
    }, { isNew: true });
    return make("details", {}, make("summary", {}, "Plan something else"), form);
  }

  async function refresh() {
    const states = ["recommended", "scheduled", "done", "cancelled", "closed"];
    const pages = await Promise.all(
      states.map((state, i) =>
        get("/maintenance", { state, limit: i < 2 ? SHOWN_MAX : ENDED_MAX })
      ),
    );
    if (closed) return;
    const [recommended, scheduled, ...ended] = pages.map((page) => page.maintenance);
    const soonest = (a, b) => (momentOf(a) ?? "9") < (momentOf(b) ?? "9") ? -1 : 1;
    const items = (entries) =>
      entries.map((entry) => [JSON.stringify(entry), () => item(entry, change)]);
    fill(lists.recommended, items(recommended.sort(soonest)), "Nothing is recommended now.");
    fill(lists.scheduled, items(scheduled.sort(soonest)), "Nothing is scheduled.");
    const latest = ended.flat().sort((a, b) => a.closed_at < b.closed_at ? 1 : -1);
    fill(lists.ended, items(latest.slice(0, ENDED_MAX)), "None yet.");
  }

  return {
    refresh,
    close() {
      closed = true;
    },
  };
}

function momentOf({ scheduled_for: scheduledFor, due_by: dueBy }) {
  return scheduledFor ?? dueBy;
}

function item(entry, change) {
  const { kind, device, part, state, action, outcome, opened_at: openedAt } = entry;
  const [told, tone] = OUTCOMES[outcome] ?? [];
  const isOpen = state === "recommended" || state === "scheduled";
  return make(
    "li",
    {},
    make(
      "span",
      { class: "tags" },
      pill(isOpen && isLate(entry) ? `${state} · overdue` : state, TONES[state]),
      told && pill(told, tone),
      partLink(kind, device, part),
    ),
    make("time", { class: "when", title: moment(openedAt), "data-since": openedAt }, ago(openedAt)),
    make("strong", { class: "wide" }, action),
    make("p", { class: "what" }, detailsOf(entry)),
    isOpen && actions(entry, change),
  );
}

function isLate(entry) {
  const by = momentOf(entry);
  return by !== null && new Date(by).getTime() < Date.now();
}

function detailsOf(entry) {
  const { due_by: dueBy, scheduled_for: scheduledFor, assignee, note } = entry;
  const { closed_at: at, why, outcome } = entry;
  return [
    scheduledFor && `planned for ${shortMoment(scheduledFor)}`,
    dueBy && `due by ${shortMoment(dueBy)}`,
    assignee && `for ${assignee}`,
    note && `“${note}”`,
    at && `ended ${shortMoment(at)}${why && why !== outcome ? `: ${words(why)}` : ""}`,
  ].filter(Boolean).join(" · ");
}

function actions(entry, change) {
  const { entry: name, state, device } = entry;
  const plan = scheduleForm(
    "Schedule",
    (planned) => change(name, { state: "scheduled", ...planned }),
    { entry },
  );
  const refused = make("p", { class: "refused wide", role: "alert", hidden: true });
  const act = (text, wanted) => {
    const element = button(text, async () => {
      element.disabled = true;
      refused.hidden = true;
      try {
        await change(name, { state: wanted });
      } catch (error) {
        refused.textContent = error.message;
        refused.hidden = false;
        element.disabled = false;
      }
    }, `${text}: ${device}`);
    return element;
  };
  return make(
    "div",
    { class: "wide" },
    make(
      "div",
      { class: "actions" },
      make(
        "details",
        {},
        make("summary", { class: "button" }, state === "scheduled" ? "Plan anew" : "Schedule"),
        plan,
      ),
      act("Done", "done"),
      act("Cancel", "cancelled"),
    ),
    refused,
  );
}

/** `ask` hears `{action, scheduled_for, assignee, note}`. */
function scheduleForm(text, ask, { entry, isNew = false }) {
  const form = make(
    "form",
    { class: "form" },
    isNew && make(
      "div",
      { class: "pair" },
      field("Kind", kindChoice()),
      field("Device", make("input", { name: "device", required: true, maxlength: 64 })),
      field("Part, if any", make("input", { name: "part", maxlength: 64 })),
    ),
    field(
      "What is to be done",
      make("input", { name: "action", required: true, maxlength: 500, value: entry?.action }),
    ),
    make(
      "div",
      { class: "pair" },
      field(
        "When (your time)",
        make("input", {
          name: "when",
          type: "datetime-local",
          required: true,
          value: localMoment(entry ? momentOf(entry) : null),
        }),
      ),
      field("Who", make("input", { name: "assignee", maxlength: 100, value: entry?.assignee })),
    ),
    field("Note", make("input", { name: "note", maxlength: 500, value: entry?.note })),
    make("button", { type: "submit", class: "primary" }, text),
  );
  onSubmit(form, () => {
    const { action, when, assignee, note } = form.elements;
    return ask({
      action: action.value,
      scheduled_for: new Date(when.value).toISOString(),
      ...(assignee.value ? { assignee: assignee.value } : {}),
      ...(note.value ? { note: note.value } : {}),
    });
  });
  return form;
}

function kindChoice() {
  const kind = choice("Kind", [["atm", "ATM"], ["machine", "Machine"], ["sensor", "Sensor"]]);
  kind.name = "kind";
  return kind;
}

/** As a field for date and time has it: in the reader's own time, to the minute. */
function localMoment(instant) {
  if (instant === null) return undefined;
  const date = new Date(instant);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
