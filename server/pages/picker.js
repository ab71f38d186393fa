// A choice above a table or a map, which takes effect at once.
import { h, newId } from "./dom.js";
import { texts } from "./texts.js";

// picker is a field to choose one of [[value, text]] by, or none; act(value or "") is told. keep names it in this tab's
// storage, so that the choice is still there when the page is loaded anew.
export function picker(label, choices, act, { none = texts.everything, keep } = {}) {
  const at = keep && `portal/choice/${keep}`;
  const input = h("select", { id: newId("pick") }, h("option", { value: "" }, none), choices.map(([value, text]) => h("option", { value }, text)));
  const kept = at && sessionStorage.getItem(at);
  if (choices.some(([value]) => String(value) === kept)) input.value = kept;
  input.addEventListener("change", () => {
    if (at) sessionStorage.setItem(at, input.value);
    act(input.value);
  });
  return Object.assign(h("div", { class: "field" }, h("label", { for: input.id }, label), input), { value: () => input.value });
}
