// The one way to say that something is saved, or refused, and why. It is said where the person looks: in the open dialog, or
// above the page.
import { button, h } from "./dom.js";
import { texts } from "./texts.js";

function place() {
  const open = document.querySelectorAll("dialog[open] .notices");
  return open[open.length - 1] ?? document.querySelector("#notices");
}

// One of each kind at a time.
function show(kind, role, ...content) {
  const where = place();
  if (!where) return;
  const notice = h("div", { class: `notice ${kind}`, role }, h("p", {}, ...content), button(texts.dismiss, () => notice.remove(), { class: "quiet" }));
  where.replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

export function saved(text) {
  show("saved", "status", text || texts.saved);
}

export function told(text) {
  show("told", "status", text);
}

// refused says why something was not done. A request that was given up because its page was left is no news.
export function refused(error) {
  if (error?.name === "AbortError") return;
  const details = [];
  for (const { location, message } of error.unplaced ?? error.errors ?? []) details.push(h("br"), `${location}: ${message}`);
  if (error.status >= 500 && error.requestId) details.push(h("br"), texts.requestId(error.requestId));
  if (error instanceof Error && error.status === undefined) console.warn(error); // a fault of ours
  show("refused", "alert", h("strong", {}, texts.refused), " ", error.detail ?? texts.failed, details);
}

export function clearNotices() {
  document.querySelector("#notices")?.replaceChildren();
}
