/**
 * Makes elements. Text goes in as text, always: what a device calls itself is never markup.
 */
import { zoneOf } from "./format.js";

/**
 * `make("a", { class: "brand", href: "#/" }, "Telltale")`. Attributes that are undefined, null or
 * false are left out; children that are, too.
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

/** A share of the width; set through the object model, which the page's policy allows. */
export function withWidth(element, share) {
  element.style.width = `${(100 * share).toFixed(3)}%`;
  return element;
}

export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element "${id}"`);
  return element;
}

/** Where a device's own page is. */
export function deviceLink(kind, id) {
  return make("a", { href: `#/${encodeURIComponent(kind)}/${encodeURIComponent(id)}` }, id);
}

export function pill(text, tone) {
  return make("span", { class: "pill", "data-tone": tone }, text);
}

/** "A · Normal", in the zone's colour. */
export function zonePill(status) {
  const zone = zoneOf(status);
  return pill(zone ? `${zone.zone} · ${status}` : status ?? "not judged yet", zone?.tone ?? "dim");
}

/** A titled part of the page. */
export function panel(title, ...content) {
  return make(
    "section",
    { class: "panel" },
    make("div", { class: "panel-head" }, make("h2", {}, title)),
    content,
  );
}

export function button(text, onClick, label) {
  const element = make("button", { type: "button", class: "small", "aria-label": label }, text);
  element.addEventListener("click", onClick);
  return element;
}

/**
 * Fills a list with `[key, create]`, or says `empty`. What has not changed stays, so that nobody
 * loses the button they are on.
 */
export function fill(list, items, empty) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const children = items.map(([key, create]) => {
    const known = before.get(key);
    if (known !== undefined) return known;
    const item = create();
    item.dataset.key = key;
    return item;
  });
  if (children.length === 0) children.push(make("li", { class: "empty" }, empty));
  list.replaceChildren(...children);
}

/** `[[value, text], …]` to choose from. */
export function choice(label, options) {
  return make(
    "select",
    { "aria-label": label },
    options.map(([value, text]) => make("option", { value }, text)),
  );
}
