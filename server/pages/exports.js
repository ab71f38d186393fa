// Files that the portal makes: as a workbook or as one table, with a sign that it is at it while that takes long.
import { save } from "./api.js";
import { button, h } from "./dom.js";
import { refused, saved } from "./notice.js";
import { texts } from "./texts.js";

const words = texts.exports;
const formats = ["xlsx", "csv"];

// exportButtons are a button for each file, [[path, name]], and each format. filter() is what goes into it.
export function exportButtons(files, filter) {
  const doing = h("p", { role: "status", hidden: true });

  async function make(path, name, format) {
    const began = Date.now();
    const tell = () => {
      const seconds = Math.round((Date.now() - began) / 1000);
      doing.replaceChildren(words.making(name, seconds), h("progress", { "aria-label": words.makes(name) }));
    };
    const timer = setInterval(tell, 1000);
    tell();
    doing.hidden = false;
    try {
      saved(words.made(await save("POST", path, { query: { format }, body: filter() })));
    } catch (error) {
      refused(error);
    } finally {
      clearInterval(timer);
      doing.hidden = true;
    }
  }

  const buttons = files.flatMap(([path, name]) => formats.map((format) => button(`${name} (${format})`, () => make(path, name, format), { class: "quiet" })));
  return h("section", {}, h("h2", {}, words.title), h("div", { class: "buttons" }, buttons), doing);
}
