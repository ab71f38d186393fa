// All data of the company as one file: asked for, made by a job, downloaded once.
import { attempt } from "./actions.js";
import { del, get, post, save } from "./api.js";
import { button, h } from "./dom.js";
import { facts } from "./facts.js";
import { confirm } from "./form.js";
import { texts } from "./texts.js";
import { word } from "./words.js";

const path = "/api/my-customer/export";
const words = texts.allData;

// allData shows the latest export, and looks again while it is made. Who acts inside the company only looks.
export async function allData({ me, signal }) {
  const element = h("div", {});

  async function draw() {
    const e = await get(path, null, { signal });
    const pending = e?.state === "waiting" || e?.state === "running";
    const discard = () => confirm(words.discardIt, () => del(`${path}/${e.id}`), { act: words.discard, done: draw });
    const download = () => attempt(() => save("GET", e.link), async (name) => {
      await draw();
      return texts.exports.made(name);
    });
    const ask = () => attempt(() => post(path), async () => {
      await draw();
      return words.asked;
    });
    element.replaceChildren(h("div", {},
      e && facts(e, [[words.state, word(e.state)], "requested_at", [words.by, e.requested_by_name ?? ""], "finished_at", e.state === "ready" && "expires_at", "downloaded_at", "bytes", "rows", e.error && [words.error, e.error]].filter(Boolean)),
      pending && h("p", { role: "status" }, words.making, h("progress", { "aria-label": words.making })),
      me.acting_as ? h("p", {}, words.acting) : h("div", { class: "buttons" }, e?.link && button(words.download, download), (pending || e?.link) ? button(words.discard, discard, { class: "quiet" }) : button(words.ask, ask)),
    ));
    if (pending) setTimeout(() => !signal.aborted && draw().catch(() => {}), 2000);
  }

  await draw();
  return [h("p", {}, words.about), element];
}
