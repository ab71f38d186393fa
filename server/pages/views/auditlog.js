// Who did what in the company, newest first.
import { people } from "../choices.js";
import { h } from "../dom.js";
import { form } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.auditlog;
const filters = ["from", "to", "actor", "user_id", "action", "object_type"];

export default async function auditlog({ signal }) {
  const list = table({
    caption: texts.pages.auditlog,
    empty: words.none,
    path: "/api/audit-log/",
    columns: [
      { key: "at" },
      { key: "actor_name", label: words.who, value: who },
      { key: "action" },
      { key: "object_type", label: words.what, value: (e) => [e.object_type, e.object_id].filter(Boolean).join(" ") },
      { key: "detail", value: detail, cell: (e) => h("span", { class: "lines" }, detail(e)) },
      { key: "request_id" },
    ],
    signal,
  });
  const narrow = await form({
    operation: "listAuditLog",
    title: words.narrow,
    parameters: filters,
    fields: { from: { type: "date" }, to: { type: "date" }, user_id: { choices: people, hint: "", none: words.everybody } },
    submit: words.show,
    send: (query) => list.reload(query),
    quiet: true,
  });
  narrow.classList.add("filters");
  return [h("details", {}, h("summary", {}, words.narrow), narrow), list];
}

function who(e) {
  const role = e.actor_operator_id ? words.operator : e.actor_service_id ? words.service : e.actor_role && word(e.actor_role);
  return [e.actor_name ?? (role ? "" : words.nobody), role && `(${role})`].filter(Boolean).join(" ");
}

// What was noted is of any form, and is said as text.
function detail(e) {
  return Object.entries(e.detail).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join("\n");
}
