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
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
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
