// The winter logs for the office: chosen, summed up, corrected, exported, and given to events.
import { list, post } from "../api.js";
import * as choices from "../choices.js";
import { clock } from "../clock.js";
import { button, h, newId } from "../dom.js";
import { exportButtons } from "../exports.js";
import { filterForm } from "../filters.js";
import { confirm } from "../form.js";
import { texts } from "../texts.js";
import { winterLogs } from "../winterlogs.js";

const words = texts.logs;

const names = async () => (await choices.rowsOf("/contractors/")).map((p) => [choices.personName(p), choices.personName(p)]);

export default async function logs({ me, signal, query }) {
  const event = Number(query.get("event")) || undefined;
  let chosen = event ? { event_id: event } : { from: (await clock()).daysAgo(30) };
  const results = h("div", {});
  const orphans = h("input", { type: "checkbox", id: newId("orphans") });
  orphans.addEventListener("change", draw);

  // Which logs belong to no event, the portal does not choose: they are chosen here, of those that were read.
  async function read() {
    return (await list("/winter-logs/", chosen, { signal })).rows.filter((l) => !l.winter_event_id);
  }

  function draw() {
    const source = orphans.checked ? { rows: read, empty: words.noOrphans } : { path: "/winter-logs/", query: chosen };
    const files = orphans.checked ? null : exportButtons([["/export/winter-logs/", words.export]], () => exported(chosen));
    results.replaceChildren(winterLogs({ me, signal, ...source }), files ?? "");
  }

  const rematch = () => confirm(words.rematchSure, () => post("/winter-logs/reassign-events/"), { act: words.rematch, danger: false, done: (answer) => {
    draw();
    return words.rematched(answer);
  } });

  const filter = await filterForm({
    operation: "listWinterLogs",
    parameters: ["from", "to", "property_id", "event_id", "contractor_name"],
    values: chosen,
    fields: { property_id: { choices: choices.properties }, event_id: { choices: choices.events }, contractor_name: { choices: names } },
    show: (asked) => {
      chosen = asked;
      draw();
    },
  });
  draw();
  return [
    filter,
    h("div", { class: "buttons" }, h("div", { class: "field check" }, orphans, h("label", { for: orphans.id }, words.orphans)), button(words.rematch, rematch, { class: "quiet" })),
    results,
  ];
}

// exported is the filter of a list as exports take it.
function exported({ from, to, property_id, event_id, contractor_name }) {
  return { start_date: from, end_date: to, property_id, winter_event_id: event_id, contractor_name };
}
