// The text messages with crews: who wrote, what, and how it was understood. It is read again while it is looked at.
import { get, list } from "../api.js";
import { button, h } from "../dom.js";
import { refused } from "../notice.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { label, shown, word } from "../words.js";

const words = texts.smsthreads;
const every = 30_000; // ms

export default async function smsthreads({ signal }) {
  const thread = h("section", { "aria-live": "polite" });
  let open = null;

  const conversations = table({
    caption: words.conversations,
    path: "/sms/conversations",
    empty: words.none,
    columns: [
      { key: "user_name" },
      { key: "phone_number" },
      { key: "last_message_at" },
      { key: "property_name" },
      { key: "conversation_state", value: (c) => word(c.conversation_state) },
    ],
    actions: (c) => [button(texts.open, () => show(c, true), { class: "quiet", "aria-label": `${texts.open} ${c.user_name}` })],
    signal,
  });

  async function show(c, go) {
    open = c;
    try {
      const { rows } = await list(`/sms/messages/${c.id}`, null, { signal });
      if (open !== c) return;
      const heading = h("h2", { tabindex: "-1" }, words.with(c.user_name, c.phone_number));
      thread.replaceChildren(heading, rows.length ? h("ol", { class: "thread" }, rows.map(message)) : h("p", {}, words.noMessages));
      if (go) heading.focus();
    } catch (error) {
      refused(error);
    }
  }

  const timer = setInterval(() => {
    if (document.hidden) return;
    conversations.reload();
    if (open) show(open);
  }, every);
  signal.addEventListener("abort", () => clearInterval(timer));
  return [h("p", {}, words.refreshed), conversations, thread];
}

function message(m) {
  const how = Object.entries(m.ai_interpretation ?? {}).filter(([, value]) => value !== null && value !== "");
  return h("li", { class: m.direction },
    h("p", {}, h("strong", {}, words.directions[m.direction]), " ", shown(m.created_at), m.twilio_status && ` (${word(m.twilio_status)})`, m.twilio_error_code && ` ${words.error(m.twilio_error_code)}`),
    h("p", {}, m.message_body),
    how.length > 0 && h("details", {}, h("summary", {}, words.understood), h("dl", {}, how.flatMap(([key, value]) => [h("dt", {}, label(key)), h("dd", {}, typeof value === "object" ? JSON.stringify(value) : shown(value))]))));
}
