/** The two forms: what a report is to say, and when it is to be made again. */
import { make } from "./elements.js";

const FORMATS = [
  ["summary", "Summary: one line a store (CSV)"],
  ["csv", "CSV, with unknown time"],
  ["xlsx", "Spreadsheet (xlsx)"],
  ["json", "JSON"],
];

const PERIODS = [
  ["1h 1d 7d", "Last hour, day and week"],
  ["1d", "Last day"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
  ["90d", "Last 90 days"],
  ["between", "From … to …"],
];

const STALENESS = [
  ["", "No limit"],
  ["90m", "90 minutes"],
  ["3h", "3 hours"],
  ["6h", "6 hours"],
  ["1d", "1 day"],
];

/** Minute and hour are put in front. */
const RHYTHMS = [
  ["* * *", "Every day"],
  ["* * 1-5", "Every weekday"],
  ["* * 1", "Every Monday"],
  ["1 * *", "Every first of the month"],
];

/** `ask` is given the body of a request, and rejects with what is wrong with it. */
export function reportForm(ask) {
  const between = make(
    "div",
    { class: "pair", hidden: true },
    field("From (UTC)", make("input", { type: "datetime-local", name: "from" })),
    field("To (UTC), now if empty", make("input", { type: "datetime-local", name: "to" })),
  );
  const form = make(
    "form",
    { class: "form" },
    field("Format", select("format", FORMATS)),
    field("Period", select("period", PERIODS)),
    between,
    field("Time is unknown farther from a poll than", select("staleness", STALENESS)),
    field(
      "Stores, every one if empty",
      make("input", {
        name: "stores",
        placeholder: "ids, separated by commas",
        autocomplete: "off",
      }),
    ),
    make("button", { type: "submit", class: "primary" }, "Make report"),
  );
  const { format, period, staleness, from } = form.elements;

  /** A summary has its own windows, and no unknown time. */
  function arrange() {
    const plain = format.value === "summary";
    period.disabled = plain;
    staleness.disabled = plain;
    between.hidden = plain || period.value !== "between";
    from.required = !between.hidden;
  }
  form.addEventListener("change", arrange);
  arrange();
  onSubmit(form, () => ask(bodyOf(form)));
  return form;
}

function bodyOf(form) {
  const { format, period, staleness, from, to, stores } = form.elements;
  const ids = stores.value.split(/[\s,;]+/).filter(Boolean);
  const body = { format: format.value, ...(ids.length > 0 ? { stores: ids } : {}) };
  if (format.value === "summary") return body;
  return {
    ...body,
    ...(staleness.value ? { staleness: staleness.value } : {}),
    ...(period.value === "between"
      ? { from: `${from.value}Z`, ...(to.value ? { to: `${to.value}Z` } : {}) }
      : { windows: period.value.split(" ") }),
  };
}

export function recurringForm(ask) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const form = make(
    "form",
    { class: "form" },
    field("Name", make("input", { name: "name", required: true, maxlength: 100, value: "Uptime" })),
    make(
      "div",
      { class: "pair" },
      field("When", select("rhythm", RHYTHMS)),
      field("At", make("input", { type: "time", name: "time", value: "06:00", required: true })),
    ),
    field(
      "Time zone",
      make("input", { name: "zone", value: timeZone ?? "UTC", required: true, maxlength: 64 }),
    ),
    field("Format", select("format", FORMATS)),
    make("button", { type: "submit" }, "Make it again and again"),
  );
  onSubmit(form, () => {
    const { name, rhythm, time, zone, format } = form.elements;
    const [hour, minute] = time.value.split(":").map(Number);
    return ask({
      name: name.value,
      cron: `${minute} ${hour} ${rhythm.value}`,
      zone: zone.value,
      report: { format: format.value },
    });
  });
  return make("details", {}, make("summary", {}, "Add one"), form);
}

/** One at a time: a button pressed twice asks once. What was refused is said below it. */
export function onSubmit(form, work) {
  const button = form.querySelector("button[type=submit]");
  const notice = make("p", { class: "refused", role: "alert", hidden: true });
  form.append(notice);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    notice.hidden = true;
    try {
      await work();
    } catch (error) {
      notice.textContent = error.message;
      notice.hidden = false;
    }
    button.disabled = false;
  });
}

export function field(text, control) {
  return make("label", {}, make("span", {}, text), control);
}

function select(name, options) {
  return make("select", { name }, options.map(([value, text]) => make("option", { value }, text)));
}
