// The start: what somebody has here, by role.
import { h } from "../dom.js";
import { allowed, has, pages } from "../menu.js";
import { texts } from "../texts.js";

export default function home({ me, retitle }) {
  retitle(texts.home.hello(me.name || me.email));
  const groups = Object.groupBy(pages.filter((p) => p.group && p.group !== "start" && allowed(p, me) && has(p, me)), (p) => p.group);
  return h("div", { class: "cards" }, Object.keys(texts.groups).filter((group) => groups[group]).map((group) => h("section", { class: "card" }, h("h2", {}, texts.groups[group]), h("ul", {}, groups[group].map((p) => h("li", {}, h("a", { href: `#${p.path}` }, p.title)))))));
}
