// The one map: properties as pins on Web Mercator, drawn as SVG. It is moved by dragging, arrow keys and buttons, and zoomed by
// wheel, two fingers, + and -, and buttons. Pins tell by shape and colour when service becomes due; those that would lie upon
// each other are one, with their number.
import { button, dialog, h, svg } from "./dom.js";
import { around, grouped, tilesIn, toPosition, toWorld, worldSize, zooms } from "./mercator.js";
import { movable } from "./mapmoves.js";
import { shapeOf, triggerOf } from "./pins.js";
import { texts } from "./texts.js";
import { word } from "./words.js";

const words = texts.map;

// map makes a map.
//
//   tiles  template of the tiles' addresses, with {z}, {x} and {y}; none: pins alone
//   name   what it is a map of
//   small  a small one
//
// The element has show(properties), which draws those that have a position; fit(), which shows all of them; look(property);
// mark(position), which puts a cross there, or takes it away; middle(), the position there; and placing(position → …), told of
// each click into the map.
export function map({ tiles, name, small }) {
  const state = { points: [], view: around([], 1, 1), width: 600, height: small ? 256 : 500, mark: null, placed: null, moved: false };
  const ground = svg("g", {});
  const pins = svg("g", {});
  const cross = svg("g", {});
  const drawing = svg("svg", { class: small ? "map small" : "map", tabindex: "0", role: "group", "aria-label": words.keys(name) }, ground, pins, cross);
  const images = new Map();

  let frame = 0;
  const draw = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      drawTiles();
      drawPins();
      drawMark();
    });
  };

  // The images stay the same elements, so that they are not loaded again.
  function drawTiles() {
    if (!tiles) return;
    const shown = new Set();
    for (const t of tilesIn(state.view, state.width, state.height)) {
      const key = `${t.z}/${t.x}/${t.y}/${Math.round(t.left / worldSize(t.z))}`;
      shown.add(key);
      if (!images.has(key)) {
        const href = tiles.replace("{z}", t.z).replace("{x}", t.x).replace("{y}", t.y);
        images.set(key, svg("image", { href, width: t.size, height: t.size, "aria-hidden": "true" }));
        ground.append(images.get(key));
      }
      images.get(key).setAttribute("x", Math.round(t.left));
      images.get(key).setAttribute("y", Math.round(t.top));
    }
    for (const [key, image] of images) {
      if (shown.has(key)) continue;
      image.remove();
      images.delete(key);
    }
  }

  function drawPins() {
    const held = pins.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const fresh = document.createDocumentFragment();
    for (const group of grouped(state.points, state.view, state.width, state.height)) fresh.append(group.members.length === 1 ? pin(group) : bunch(group));
    pins.replaceChildren(fresh);
    if (held) (pins.querySelector(`[data-key="${held}"]`) ?? drawing).focus({ preventScroll: true });
  }

  function pin({ members: [{ property }], left, top }) {
    const name = words.pin(property.name, word(property.trigger_type));
    const at = `translate(${left.toFixed(1)} ${top.toFixed(1)})`;
    return svg("a", { href: `#/properties/${property.id}`, transform: at, "aria-label": name, data: { key: `p${property.id}` } }, svg("title", {}, name), svg("circle", { r: 14, class: "touch" }), shapeOf(triggerOf(property)));
  }

  function bunch({ key, members, left, top }) {
    const open = (event) => {
      event.preventDefault();
      apart(members);
    };
    const keys = (event) => {
      if (event.key === "Enter" || event.key === " ") open(event);
    };
    const at = `translate(${left.toFixed(1)} ${top.toFixed(1)})`;
    const name = words.bunch(members.length);
    return svg("g", { class: "bunch", transform: at, tabindex: "0", role: "button", "aria-label": name, data: { key }, on: { click: open, keydown: keys } }, svg("title", {}, name), svg("circle", { r: 17 }), svg("text", { "text-anchor": "middle", dy: "0.35em" }, members.length));
  }

  // apart shows those of one place by themselves: nearer, or in a list where no map is near enough.
  function apart(members) {
    const view = around(members, state.width, state.height, { most: zooms.most });
    if (view.zoom > state.view.zoom) return move(view);
    dialog(words.bunch(members.length), () => h("ul", {}, members.map(({ property: p }) => h("li", {}, h("a", { href: `#/properties/${p.id}` }, `${p.name}, ${p.address}`)))));
  }

  function drawMark() {
    cross.replaceChildren();
    if (!state.mark) return;
    const { x, y } = toWorld(state.mark.latitude, state.mark.longitude);
    const size = worldSize(state.view.zoom);
    const at = `translate(${(x - state.view.x) * size + state.width / 2} ${(y - state.view.y) * size + state.height / 2})`;
    cross.append(svg("path", { class: "mark", transform: at, d: "M-14 0H14M0 -14V14" }));
  }

  function turn(view) {
    state.view = { x: view.x - Math.floor(view.x), y: Math.max(0, Math.min(1, view.y)), zoom: view.zoom };
    draw();
  }

  // move is what a person does; until then all pins stay in view.
  function move(view) {
    state.moved = true;
    turn(view);
  }

  // by moves the view by pixels.
  const by = (dx, dy) => move({ ...state.view, x: state.view.x + dx / worldSize(state.view.zoom), y: state.view.y + dy / worldSize(state.view.zoom) });

  // zoom goes nearer (1) or further away (-1), and what lies at a point, from the middle, stays there.
  const zoom = (step, dx = 0, dy = 0) => {
    const next = Math.max(zooms.least, Math.min(zooms.most, state.view.zoom + step));
    const shift = 1 / worldSize(state.view.zoom) - 1 / worldSize(next);
    move({ x: state.view.x + dx * shift, y: state.view.y + dy * shift, zoom: next });
  };

  const click = (dx, dy) => {
    const size = worldSize(state.view.zoom);
    state.placed?.(toPosition({ x: state.view.x + dx / size, y: state.view.y + dy / size }));
  };
  movable(drawing, { by, zoom, click });

  const fit = () => {
    state.moved = false;
    turn(around(state.points, state.width, state.height));
  };
  new ResizeObserver(([entry]) => {
    Object.assign(state, { width: entry.contentRect.width || state.width, height: entry.contentRect.height || state.height });
    drawing.setAttribute("viewBox", `0 0 ${state.width} ${state.height}`);
    if (!state.moved) fit();
    draw();
  }).observe(drawing);

  const third = () => Math.round(Math.min(state.width, state.height) / 3);
  const near = [button(words.nearer, () => zoom(1), { class: "quiet" }), button(words.further, () => zoom(-1), { class: "quiet" }), button(words.all, fit, { class: "quiet" })];
  const moves = [[words.west, -1, 0], [words.north, 0, -1], [words.south, 0, 1], [words.east, 1, 0]].map(([text, dx, dy]) => button(text, () => by(dx * third(), dy * third()), { class: "quiet" }));
  const element = h("div", {}, h("div", { class: "buttons" }, near, !small && moves), drawing, tiles && h("p", { class: "hint" }, words.tilesOf(new URL(tiles).host)));
  return Object.assign(element, {
    fit,
    show(properties) {
      state.points = properties.filter((p) => p.latitude !== null && p.longitude !== null).map((property) => ({ ...toWorld(property.latitude, property.longitude), property }));
      if (!state.moved) fit();
      draw();
    },
    look(position, zoom = 16) {
      move({ ...toWorld(position.latitude, position.longitude), zoom });
    },
    mark(position) {
      state.mark = position;
      draw();
    },
    middle: () => toPosition(state.view),
    placing(act) {
      state.placed = act;
      drawing.classList.toggle("placing", Boolean(act));
    },
  });
}
