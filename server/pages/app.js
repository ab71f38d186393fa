// The frame of all pages: who is logged in, the menu, the banner of an operator inside a company, and which page is shown.
import { actFor, get, post, Refused, whenEnded } from "./api.js";
import { button, h } from "./dom.js";
import { allowed, find, has, pages } from "./menu.js";
import { clearNotices, refused } from "./notice.js";
import * as sender from "./sender.js";
import { texts } from "./texts.js";

const frame = { me: null, leave: null, wanted: null, showing: null };

// go shows the page at a path; where it is shown already, anew. Resolves when it is there, so that what is said then is said
// on it.
export function go(path) {
  if (location.hash === `#${path}`) return show();
  return new Promise((resolve) => {
    addEventListener("hashchange", () => resolve(frame.showing), { once: true }); // after the frame's own listener
    location.hash = path;
  });
}

// read is what the address names: #/path?query.
function read() {
  const [path, query] = (location.hash.slice(1) || "/").split("?");
  return { path, query: new URLSearchParams(query) };
}

// who asks who is logged in; nobody where there is not even the cookie that names the customer.
async function who() {
  frame.me = null;
  actFor(null);
  if (!document.cookie.includes("__Host-customer=")) return null;
  try {
    frame.me = await get("/verify-token");
    actFor(frame.me.customer_id ?? "PLATFORM");
    sender.of(frame.me);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 401) throw error;
  }
  return frame.me;
}

// entered is called when somebody has logged in, or has become somebody else. Resolves to false where the browser did not
// keep the cookies.
export async function entered(path) {
  if (!(await who())) return false;
  go(path ?? frame.wanted ?? "/");
  frame.wanted = null;
  return true;
}

async function show() {
  frame.leave?.abort();
  frame.leave = new AbortController();
  const { signal } = frame.leave;
  const { path, query } = read();
  const found = find(path);
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  try {
    if (found?.page.roles && !frame.me) await who();
    if (signal.aborted) return;
    if (found?.page.roles && !frame.me) return askLogin(path);
    if (found?.page.secret) history.replaceState(null, "", `#${path}`);
    await draw(found, path, query, signal);
  } catch (error) {
    if (signal.aborted) return;
    document.querySelector("#content")?.removeAttribute("aria-busy");
    if (!document.querySelector("#notices")) document.body.replaceChildren(...outline(texts.name, null));
    refused(error);
  }
}

function askLogin(path) {
  if (path !== "/") frame.wanted = path;
  location.replace("#/log-in");
}

async function draw(found, path, query, signal) {
  const heading = found && allowed(found.page, frame.me) ? found.page.title : texts.noPage;
  document.body.replaceChildren(...outline(heading, path));
  document.title = `${heading} – ${texts.name}`;
  const content = document.querySelector("#content");
  const title = document.querySelector("h1");
  title.focus({ preventScroll: true });
  scrollTo(0, 0);
  if (!found || !allowed(found.page, frame.me)) {
    content.append(h("p", {}, found ? texts.notYours : texts.notHere, " ", h("a", { href: "#/" }, texts.toStart)));
    return;
  }
  if (!has(found.page, frame.me)) {
    content.append(h("p", {}, texts.notInPlan(found.page.title)));
    return;
  }
  content.setAttribute("aria-busy", "true");
  const view = await import(`./views/${found.page.view}.js`);
  const retitle = (text) => {
    title.textContent = text;
    document.title = `${text} – ${texts.name}`;
  };
  const parts = await view.default({ me: frame.me, params: found.params, query, signal, go, retitle });
  if (signal.aborted) return;
  content.replaceChildren(...[parts].flat(Infinity).filter(Boolean));
  content.removeAttribute("aria-busy");
}

function outline(heading, path) {
  const [toggle, list] = frame.me ? menu(path) : [];
  return [
    h("a", { class: "skip", href: "#content", on: { click: skip } }, texts.skip),
    h("header", { class: "top" }, h("a", { class: "brand", href: "#/" }, frame.me?.company_name ?? texts.name), frame.me && account(), toggle),
    frame.me?.acting_as && banner(),
    sender.element,
    h("div", { class: "columns" }, list, h("main", {}, h("h1", { tabindex: "-1" }, heading), h("div", { id: "notices" }), h("div", { id: "content", tabindex: "-1" }))),
  ].filter(Boolean);
}

// The address says which page is shown, so a link within the page cannot use it.
function skip(event) {
  event.preventDefault();
  document.querySelector("#content").focus();
}

function account() {
  return h("div", { class: "account" }, h("span", {}, frame.me.name || frame.me.email, " ", h("span", { class: "role" }, texts.values[frame.me.role] ?? frame.me.role)), button(texts.logOut, logOut, { class: "quiet" }));
}

function menu(path) {
  const groups = Object.groupBy(pages.filter((p) => p.group && allowed(p, frame.me) && has(p, frame.me)), (p) => p.group);
  const links = Object.keys(texts.groups).filter((group) => groups[group]).map((group) =>
    h("div", { class: "group" }, h("p", { class: "group-name" }, texts.groups[group]), h("ul", {}, groups[group].map((p) => h("li", {}, h("a", { href: `#${p.path}`, "aria-current": here(p.path, path) && "page" }, p.title))))),
  );
  const list = h("nav", { id: "menu", "aria-label": texts.menu }, links);
  const toggle = h("button", { type: "button", class: "menu", "aria-expanded": "false", "aria-controls": "menu" }, texts.menu);
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", open);
    list.classList.toggle("open", open);
  });
  return [toggle, list];
}

function here(path, current) {
  return path === "/" ? current === "/" : current === path || current?.startsWith(`${path}/`);
}

function banner() {
  return h("div", { class: "banner", role: "region", "aria-label": texts.acting.label }, h("p", {}, texts.acting.text(frame.me.company_name)), button(texts.acting.back, switchBack));
}

async function switchBack() {
  try {
    await post("/api/customers/switch-back");
    await entered("/customers");
  } catch (error) {
    refused(error);
  }
}

async function logOut() {
  try {
    await post("/api/logout/");
  } catch (error) {
    if (error.status !== 401) return refused(error);
  }
  frame.me = null;
  go("/log-in");
}

whenEnded(() => {
  if (!frame.me) return;
  frame.me = null;
  askLogin(read().path);
});

addEventListener("hashchange", () => {
  clearNotices();
  frame.showing = show();
});
show();
