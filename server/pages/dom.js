// Elements are made here and nowhere else. Text goes in as text: what people type is never read as HTML.

// h makes an element. Properties: class and other attributes by their name (true: without a value; null, undefined,
// false: left out), on: {event: listener}, data: {name: value}. Children: elements, texts, numbers, lists of such;
// null, undefined and false are nothing.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  set(element, properties);
  element.append(...flat(children));
  return element;
}

// svg makes an element of a drawing, as h does.
export function svg(tag, properties, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, properties);
  element.append(...flat(children));
  return element;
}

function set(element, properties) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
}

function flat(children) {
  return children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false).map((c) => (c instanceof Node ? c : String(c)));
}

let ids = 0;

// newId is an id that no element has yet.
export function newId(name = "e") {
  return `${name}-${++ids}`;
}

// button is a button that does something. While that goes on it is busy, and a second click does nothing.
export function button(text, act, properties) {
  const element = h("button", { type: "button", ...properties }, text);
  element.addEventListener("click", () => busy(element, act));
  return element;
}

// busy marks an element while a promise is pending.
export async function busy(element, act) {
  if (element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  try {
    return await act();
  } finally {
    element.removeAttribute("aria-busy");
  }
}

// dialog shows content over the page until it is closed, by Escape too. content(close) makes it.
export function dialog(title, content, { wide = false } = {}) {
  const heading = h("h2", { id: newId("title") }, title);
  const box = h("dialog", { "aria-labelledby": heading.id, class: wide && "wide" });
  const close = () => box.close();
  box.append(h("header", {}, heading, button("Close", close, { class: "quiet" })), h("div", { class: "notices" }), ...flat([content(close)]));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}
