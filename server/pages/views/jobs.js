// What the portal does for the company after a request was answered, and what became of it.
import { post } from "../api.js";
import { action, attempt } from "../actions.js";
import { button, h } from "../dom.js";
import { confirm } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.jobs;

export default function jobs({ signal }) {
  const list = table({
    caption: texts.pages.jobs,
    path: "/api/jobs/",
    columns: [
      { key: "created_at" },
      { key: "kind", value: (j) => word(j.kind) },
      { key: "state", value: (j) => word(j.state) },
      { key: "tries", label: words.tries, value: (j) => j.tries, cell: (j) => `${j.tries} / ${j.max_tries}` },
      { key: "next_try_at" },
      { key: "finished_at" },
      { key: "error" },
    ],
    actions: (j) => {
      const name = `${word(j.kind)} ${j.id}`;
      const waits = ["waiting", "retrying"].includes(j.state);
      return [
        (waits || j.state === "failed") && action(words.retry, name, () => attempt(() => post(`/api/jobs/${j.id}/retry/`), () => list.reload())),
        waits && action(words.discard, name, () => confirm(words.discardIt(name), () => post(`/api/jobs/${j.id}/discard/`), { act: words.discard, done: () => list.reload() })),
      ].filter(Boolean);
    },
    signal,
  });
  return [h("p", {}, words.about), h("div", { class: "buttons" }, button(words.again, () => list.reload(), { class: "quiet" })), list];
}
