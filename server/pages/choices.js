// What forms offer to choose from: [[value, text]] of the company's people, properties and so on. A page reads each once, so
// that its forms open at once; the next page, and whoever logs in next, reads anew.
import { list } from "./api.js";
import { texts } from "./texts.js";
import { word } from "./words.js";

const kept = new Map();
let visit = null;
let since = 0;
const fresh = 30_000; // ms

// The company stands in the cookie that scripts may read, and whoever logs in comes from another page.
function keep(path, read) {
  const now = `${document.cookie} ${location.hash}`;
  if (now !== visit || performance.now() - since > fresh) {
    kept.clear();
    visit = now;
    since = performance.now();
  }
  if (!kept.has(path)) kept.set(path, read().catch((error) => {
    kept.delete(path);
    throw error;
  }));
  return kept.get(path);
}

// forget is called after a change of what may be chosen.
export function forget() {
  kept.clear();
}

const rows = (path) => keep(path, async () => (await list(path)).rows);
const pairs = async (path, value, text) => (await rows(path)).map((row) => [value(row), text(row)]);
const id = (row) => row.id;

export const personName = (p) => p.name || p.email || texts.noName;

// people are the active people of the company.
export const people = () => pairs("/contractors/", id, (p) => `${personName(p)} (${word(p.role)})`);

export const properties = () => pairs("/properties/", id, (p) => `${p.name} – ${p.address}`);

// events are the winter events, the latest first; the office alone may read them.
export const events = () => pairs("/winter-events/", id, (e) => `${e.event_name} (${word(e.status)}, ${e.start_date.slice(0, 10)})`);

export const lists = () => pairs("/property-lists/", id, (l) => l.name);

export const routes = () => pairs("/routes/", id, (r) => r.name);

// equipment is chosen by its name, as logs and people have it.
export const equipment = () => pairs("/equipment-rates/", (e) => e.equipment_name, (e) => e.equipment_name);

const product = (p) => `${p.name} (${p.unit})`;

export const winterProducts = () => pairs("/winter-products/", id, product);
export const landscapeProducts = () => pairs("/landscape-products/", id, product);

// rowsOf are the rows themselves, for a page that needs more of them than a name.
export const rowsOf = rows;

// contractors are the active ones whom a subcontractor may work for.
export const contractors = async () => (await rows("/contractors/")).filter((p) => p.role === "Contractor").map((p) => [p.id, personName(p)]);

// zones are the time zones that the browser knows.
export const zones = () => Intl.supportedValuesOf("timeZone").map((z) => [z, z.replaceAll("_", " ")]);

// roles are those of people inside a company.
export const roles = ["Admin", "Manager", "Contractor", "Subcontractor", "User"].map((r) => [r, word(r)]);
