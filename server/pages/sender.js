// What a crew enters is kept in the browser until the portal has it: each entry is sent with a key, so that it is done once
// whatever becomes of the answer. Entries are of one person in one company, and are sent by nobody else.
import { newKey, post, put } from "./api.js";
import { button, h } from "./dom.js";
import { saved } from "./notice.js";
import { texts } from "./texts.js";

// element says above each page what waits.
export const element = h("div", { class: "waiting", role: "status", hidden: true });

let person = null;
let busy = false;
const heard = new Set();

// of says who is logged in.
export function of(me) {
  person = me.acting_as || !me.customer_id ? null : `${me.customer_id}/${me.id}`;
  draw();
  work();
}

// listen is told of each entry that was sent, with its answer, until signal is aborted.
export function listen(act, signal) {
  heard.add(act);
  signal.addEventListener("abort", () => heard.delete(act));
}

const place = () => `portal/waiting/${person}`;

function entries() {
  return person ? JSON.parse(localStorage.getItem(place()) ?? "[]") : [];
}

function keep(all) {
  localStorage.setItem(place(), JSON.stringify(all));
  draw();
}

// waiting are the entries that are not sent yet.
export function waiting() {
  return entries().filter((e) => !e.refused);
}

// send keeps an entry and sends it now, or as soon as there is a connection. name is what people call it. Resolves to its
// answer, or to null where it waits; rejects with what the portal refused, and then it is not kept.
export async function send(name, method, path, body, options = {}) {
  const entry = { key: options.key ?? newKey(), name, method, path, query: options.query, body };
  keep([...entries(), entry]);
  try {
    return await deliver(entry);
  } catch (error) {
    if (error.lost) return null;
    throw error;
  }
}

// deliver sends an entry. What is refused is not kept, since whoever typed it still sees it.
async function deliver(entry) {
  const owner = person;
  try {
    const ask = entry.method === "PUT" ? put : post;
    const answer = await ask(entry.path, entry.body, { query: entry.query, key: entry.key, timeout: 20_000 });
    if (owner === person) forget(entry);
    for (const act of heard) act(entry, answer);
    return answer;
  } catch (error) {
    if (!later(error) && owner === person) forget(entry);
    draw();
    throw error;
  }
}

// later tells whether an entry may yet be taken as it is.
const later = (error) => error.lost || error.status === 401 || error.status === 429;

function forget(entry) {
  keep(entries().filter((e) => e.key !== entry.key));
}

// work sends what waits, in order. What is refused then stays, with the reason, until the person throws it away: nobody
// sees its form any more.
export async function work() {
  if (busy || !person) return;
  busy = true;
  try {
    for (const entry of waiting()) {
      try {
        await deliver(entry);
        saved(texts.waiting.sent(entry.name));
      } catch (error) {
        if (later(error)) break;
        keep([...entries(), { ...entry, refused: error.detail }]);
      }
    }
  } finally {
    busy = false;
  }
}

function draw() {
  const all = entries();
  const unsent = waiting();
  element.hidden = all.length === 0;
  element.replaceChildren();
  if (unsent.length) element.append(h("p", {}, texts.waiting.text(unsent.map((e) => e.name))), button(texts.waiting.now, work, { class: "quiet" }));
  for (const entry of all.filter((e) => e.refused)) {
    element.append(h("p", {}, texts.waiting.refused(entry.name, entry.refused)), button(texts.waiting.discard, () => forget(entry), { class: "quiet", "aria-label": texts.waiting.discardOne(entry.name) }));
  }
}

addEventListener("online", work);
addEventListener("storage", draw);
setInterval(() => {
  if (waiting().length) work();
}, 10_000);

// A draft is what is being typed into a form, until it is sent or thrown away.
export function draft(form, name) {
  const at = `portal/draft/${person}/${name}`;
  const kept = JSON.parse(localStorage.getItem(at) ?? "null");
  for (const [field, value] of Object.entries(kept ?? {})) form.controls[field]?.set(value);
  const write = () => localStorage.setItem(at, JSON.stringify(Object.fromEntries(Object.entries(form.controls).map(([n, c]) => [n, c.get()]))));
  form.addEventListener("input", write);
  form.addEventListener("change", write);
  return { kept: kept !== null, forget: () => localStorage.removeItem(at) };
}
