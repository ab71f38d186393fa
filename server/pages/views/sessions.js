// Who is logged in to the company, and putting somebody out.
import { del } from "../api.js";
import { action } from "../actions.js";
import { h } from "../dom.js";
import { confirm } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.sessions;

export default function sessions({ signal }) {
  const name = (s) => s.name ?? s.email ?? words.kinds[s.kind];
  const list = table({
    caption: texts.pages.sessions,
    path: "/api/my-customer/sessions",
    columns: [
      { key: "name", label: words.who, value: name },
      { key: "kind", value: (s) => (s.current ? words.here(words.kinds[s.kind]) : words.kinds[s.kind]) },
      { key: "email" },
      { key: "role", value: (s) => word(s.role) },
      { key: "since" },
      { key: "refreshed_at", label: words.last },
      { key: "expires_at" },
    ],
    actions: (s) => !s.current && action(words.end, words.of(name(s)), () => confirm(words.endIt(name(s)), () => del(`/api/my-customer/sessions/${s.id}`), { act: words.end, done: () => list.reload() })),
    signal,
  });
  return [h("p", {}, words.about), list];
}
