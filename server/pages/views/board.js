// The board: each property with the people who are to serve it, and what they answered.
import { action } from "../actions.js";
import { list } from "../api.js";
import { assign, buttonsOf } from "../assigned.js";
import { personName } from "../choices.js";
import { h } from "../dom.js";
import { picker } from "../picker.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.board;

// The states that a property may be in, of which the first that fits is told.
const states = {
  nobody: (p) => p.contractors.length === 0,
  noPrimary: (p) => !p.contractors.some((c) => c.is_primary),
  declined: (p) => p.contractors.some((c) => c.acceptance_status === "declined"),
  pending: (p) => p.contractors.some((c) => c.acceptance_status === "pending"),
  accepted: () => true,
};
const stateOf = (property) => Object.keys(states).find((name) => states[name](property));

export default function board({ me, signal }) {
  const own = `${me.customer_id}/${me.id}/board`;
  const read = async () => {
    const { rows } = await list("/properties/board/", null, { signal });
    return rows.filter((p) => !state.value() || stateOf(p) === state.value());
  };
  const state = picker(words.state, Object.entries(words.states), () => all.reload(), { keep: own });
  const changed = () => void all.reload();
  const all = table({
    caption: words.caption,
    rows: read,
    keep: own,
    signal,
    columns: [
      { key: "name", value: (p) => `${p.name}, ${p.address}`, cell: (p) => h("div", {}, h("a", { href: `#/properties/${p.id}` }, p.name), h("p", { class: "hint" }, p.address)) },
      { key: "area_manager" },
      { key: "open_by_time" },
      { key: "state", label: words.state, value: (p) => words.states[stateOf(p)] },
      { key: "contractors", label: words.people, value: (p) => p.contractors.map(spoken).join(", "), cell: (p) => peopleOf(p, changed) },
    ],
  });
  return [h("div", { class: "tools" }, state), all];
}

const answer = (person) => (person.acceptance_status === "pending" ? words.unanswered : word(person.acceptance_status));
const spoken = (person) => `${personName(person)} ${person.is_primary ? words.primary : ""} ${answer(person)}`;

function peopleOf(property, changed) {
  const one = (person) => h("li", {}, personName(person), " ", person.is_primary && h("span", { class: "badge" }, words.primary), " ", h("span", { class: "badge" }, answer(person)), " ", buttonsOf(property, person, changed));
  const more = action(texts.assigned.assign, words.to(property.name), () => assign(property, changed));
  return h("ul", { class: "people" }, property.contractors.map(one), h("li", {}, more));
}
