// How a company is connected with another company's service: what its state is, and how one comes there and leaves.
import { get, post } from "./api.js";
import { button, h } from "./dom.js";
import { confirm } from "./form.js";
import { refused, saved } from "./notice.js";
import { texts } from "./texts.js";
import { label, shown } from "./words.js";

const words = texts.connection;

// came says how the way to the service and back has ended, which the address has.
export function came(query) {
  const ended = query.get("connected");
  if (!ended) return;
  setTimeout(() => (ended === "true" ? saved(words.came) : refused({ status: 1, detail: words.cameNot })));
}

// connection shows the state of a connection: the answer of path/status, with what there is to do. facts: its fields that are
// shown; draw runs when it has changed.
export function connection({ name, path, status, facts, draw }) {
  async function connect() {
    try {
      location.assign((await get(`${path}/connect`)).authorization_url);
    } catch (error) {
      refused(error);
    }
  }
  const disconnect = () => confirm(words.disconnectSure(name), () => post(`${path}/disconnect`), { act: words.disconnect, done: draw });
  const data = facts.filter((key) => status[key] !== null && status[key] !== "").flatMap((key) => [h("dt", {}, label(key)), h("dd", {}, shown(status[key]))]);
  const problem = status.what_to_do || status.problem;
  return h("section", { class: "card" },
    h("h2", {}, status.connected ? words.connected(name) : words.notConnected(name)),
    problem && h("p", { class: "wrong" }, problem),
    status.connected && h("dl", {}, data),
    h("div", { class: "buttons" }, button(status.connected ? words.again : words.connect, connect, { class: status.connected && !problem ? "quiet" : undefined }), status.connected && button(words.disconnect, disconnect, { class: "quiet" })));
}
