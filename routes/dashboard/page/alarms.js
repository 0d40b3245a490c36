/** Alarms that are open now, and that somebody has seen one. */
import { devicePath, get, send } from "./api.js";
import { button, byId, deviceLink, fill, make, panel, pill } from "./elements.js";
import { ago, count, duration, moment, toneOf, words } from "./format.js";
import { partName } from "./predictions.js";

const OPEN_MAX = 50;
const CLEARED_MAX = 5;

/** What is shown, so that only a change touches the list: a screen reader reads out what is new. */
let shown;

/** `onProblem` hears what could not be shown. */
export async function refreshAlarms(onProblem) {
  const [open, cleared] = await Promise.all([
    get("/alarms", { state: "open", limit: OPEN_MAX }),
    get("/alarms", { state: "cleared", limit: CLEARED_MAX }),
  ]);
  const alarms = [...open.alarms, ...cleared.alarms];
  byId("alarms-count").textContent = open.alarms.length === 0
    ? "none open"
    : `${count(open.alarms.length)}${open.next ? "+" : ""} open`;
  const keys = alarms.map(keyOf);
  if (shown?.join() === keys.join()) return;
  const before = shown;
  shown = keys;
  fill(
    byId("alarms"),
    alarms.map((alarm) => [keyOf(alarm), () => {
      const fresh = before !== undefined && !before.includes(keyOf(alarm));
      const about = deviceLink(alarm.kind, alarm.id);
      return item(alarm, { about, fresh, seen: () => refreshAlarms(onProblem), onProblem });
    }]),
    "No alarm yet.",
  );
}

/** One device's open ones: the panel, and how to bring it up to date. */
export function alarmPanel(kind, id, onProblem) {
  const list = make("ul", { class: "list" });
  const element = panel("Alarms", list);

  async function refresh() {
    const { alarms } = await get("/alarms", { state: "open", limit: OPEN_MAX, kind, id });
    element.hidden = alarms.length === 0;
    fill(
      list,
      alarms.map((alarm) => {
        const about = make("span", {}, reasonText(id, alarm.reason));
        return [keyOf(alarm), () => item(alarm, { about, seen: refresh, onProblem })];
      }),
      "",
    );
  }

  return { element, refresh };
}

/** "Trend of DE", "Low cash". */
function reasonText(id, reason) {
  const [, part] = /^trend:(.+)$/.exec(reason) ?? [];
  return part ? `Trend of ${partName(id, part)}` : words(reason.replaceAll("-", " "));
}

function keyOf({ kind, id, reason, severity, state, raised_at: raisedAt, cleared_at: clearedAt }) {
  return [kind, id, reason, severity, state, raisedAt, clearedAt].join("/");
}

/** `about`: what it is an alarm of; `seen` is called when it was acknowledged. */
function item(alarm, { about, fresh, seen, onProblem }) {
  const { kind, id, reason, severity, message, raised_at: raisedAt, cleared_at: clearedAt } = alarm;
  const { state, acknowledged_by: by } = alarm;
  const since = clearedAt ?? raisedAt;
  const badge = clearedAt ? pill("cleared", "dim") : pill(severity, toneOf(severity));
  const lasted = clearedAt ? new Date(clearedAt).getTime() - new Date(raisedAt).getTime() : 0;
  return make(
    "li",
    { class: fresh ? "fresh" : undefined },
    make(
      "span",
      { class: "tags" },
      badge,
      about,
      state === "acknowledged" && pill(`seen by ${by}`, "dim"),
    ),
    make("time", { class: "when", title: moment(since), "data-since": since }, ago(since)),
    make(
      "span",
      { class: "what" },
      `${message || reason}${clearedAt ? `, for ${duration(lasted)}` : ""}`,
      state === "open" && acknowledge({ kind, id, reason }, { seen, onProblem }),
    ),
  );
}

function acknowledge({ kind, id, reason }, { seen, onProblem }) {
  const element = button("Seen", async () => {
    element.disabled = true;
    try {
      await send("POST", `${devicePath(kind, id)}/commands`, {
        command: "AcknowledgeAlarm",
        reason,
      });
      await seen();
    } catch (error) {
      onProblem(error);
    }
    element.disabled = false;
  }, `Acknowledge ${reason} of ${id}`);
  element.classList.add("inline");
  return element;
}
