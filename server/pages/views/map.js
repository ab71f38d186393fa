// The map of all properties, and those that are not on it yet.
import { action } from "../actions.js";
import { get, list } from "../api.js";
import { office } from "../assigned.js";
import { forget, lists } from "../choices.js";
import { button, h } from "../dom.js";
import { section } from "../facts.js";
import { form } from "../form.js";
import { map } from "../map.js";
import { refused } from "../notice.js";
import { picker } from "../picker.js";
import { legend, triggerOf, triggers } from "../pins.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.map;
const placed = (p) => p.latitude !== null && p.longitude !== null;

export default async function mapPage({ me, query, signal }) {
  const [config, all, named] = await Promise.all([get("/pages/config.json", null, { open: true }), list("/properties/", null, { signal }), lists()]);
  const state = { all: all.rows, trigger: "", manager: "", members: null };
  const drawing = map({ tiles: config.tiles, name: texts.pages.map });
  const panel = h("div", {});
  const count = h("p", { class: "count", role: "status" });

  const wanted = (p) => (!state.trigger || triggerOf(p) === state.trigger) && (!state.manager || p.area_manager === state.manager) && (!state.members || state.members.has(p.id));
  const without = table({
    caption: words.without,
    rows: () => state.all.filter((p) => !placed(p) && wanted(p)),
    empty: words.allPlaced,
    columns: [{ key: "name", cell: (p) => h("a", { href: `#/properties/${p.id}` }, p.name) }, { key: "address" }, { key: "area_manager" }, { key: "trigger_type", value: (p) => word(p.trigger_type) }],
    actions: office(me) ? (p) => action(words.place, p.name, () => place(p)) : undefined,
  });

  function draw() {
    const shown = state.all.filter((p) => placed(p) && wanted(p));
    drawing.show(shown);
    count.textContent = words.count(shown.length);
    without.reload();
  }

  async function place(property) {
    panel.replaceChildren(await placing(property, drawing, (position) => {
      Object.assign(property, position);
      forget();
      panel.replaceChildren();
      draw();
    }));
    panel.querySelector("h2").focus();
    panel.scrollIntoView({ block: "nearest" });
    if (placed(property)) drawing.look(property);
  }

  const onlyList = async (id) => {
    try {
      state.members = id ? new Set((await get(`/property-lists/${id}`, null, { signal })).properties.map((p) => p.id)) : null;
      draw();
    } catch (error) {
      refused(error);
    }
  };
  const managers = [...new Set(state.all.map((p) => p.area_manager).filter(Boolean))].sort().map((m) => [m, m]);
  const filters = h("div", { class: "tools" },
    picker(words.trigger, triggers.map((t) => [t, word(t)]), (value) => { state.trigger = value; draw(); }),
    picker(words.manager, managers, (value) => { state.manager = value; draw(); }),
    picker(words.list, named, onlyList),
    count);
  draw();
  const asked = office(me) && state.all.find((p) => String(p.id) === query.get("place"));
  if (asked) setTimeout(() => place(asked));
  return [filters, panel, drawing, h("div", { class: "buttons" }, button(words.here, () => whereAmI(drawing), { class: "quiet" })), legend(), section(words.without, without)];
}

// placing asks where a property is: by numbers, by a click into the map, or by the map's middle.
async function placing(property, drawing, done) {
  const end = () => {
    drawing.placing(null);
    drawing.mark(null);
  };
  const asked = await form({
    operation: "updatePropertyCoordinates",
    title: words.placeOf(property.name),
    fixed: { property_id: property.id },
    values: property,
    done: () => {
      const position = { latitude: asked.controls.latitude.get(), longitude: asked.controls.longitude.get() };
      end();
      done(position);
    },
    buttons: [
      button(words.middle, () => take(drawing.middle()), { class: "quiet" }),
      button(texts.cancel, () => {
        end();
        section.remove();
      }, { class: "quiet" }),
    ],
  });
  const take = (position) => {
    asked.controls.latitude.set(position.latitude);
    asked.controls.longitude.set(position.longitude);
    drawing.mark(position);
  };
  const section = h("section", { class: "card" }, h("h2", { tabindex: "-1" }, words.placeOf(property.name)), h("p", {}, property.address, ". ", words.how), asked);
  drawing.placing(take);
  return section;
}

function whereAmI(drawing) {
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      drawing.mark(coords);
      drawing.look(coords, 14);
      resolve();
    }, () => {
      refused({ status: 400, detail: words.notHere });
      resolve();
    }, { timeout: 15_000 });
  });
}
