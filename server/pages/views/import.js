// Properties out of a spreadsheet: what would become of it first, row by row, and then the import itself.
import { attempt } from "../actions.js";
import { post, save } from "../api.js";
import { forget } from "../choices.js";
import { button, h } from "../dom.js";
import { section } from "../facts.js";
import { form } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";

const words = texts.import;
const path = "/bulk-import-properties/";
const patience = 600_000; // ms

export default async function importer() {
  const result = h("div", {});
  const upload = await form({
    operation: "importProperties",
    title: words.check,
    only: ["file", "mode"],
    parameters: ["mode"],
    values: { mode: "partial" },
    fields: {
      file: { type: "file", label: words.file, hint: words.fileHint, accept: ".csv,.xlsx", required: true },
      mode: { label: words.mode, choices: Object.entries(words.modes), required: true, hint: "" },
    },
    submit: words.check,
    quiet: true,
    send: async ({ file, mode }) => show(await send(file, { mode: "partial", dry_run: true }), file, mode),
  });
  upload.addEventListener("change", () => result.replaceChildren());

  // Every bad row is wanted, so the check is made as if good rows were added; what is sent then is as the person chose.
  function show(report, file, mode) {
    const bad = report.bad_rows ?? [];
    const refused = mode === "all" && bad.length > 0;
    const now = button(words.now, () => attempt(() => send(file, { mode }), (done) => finished(done)));
    const errors = button(words.errors, () => attempt(() => save("POST", path, { query: { mode: "partial", dry_run: true, errors: "csv" }, body: bodyOf(file) }), words.savedFile), { class: "quiet" });
    const heading = h("h2", { tabindex: "-1" }, words.wouldBe);
    const buttons = h("div", { class: "buttons" }, !refused && report.count > 0 && now, bad.length > 0 && errors);
    const said = [refused && words.allRefused, report.count === 0 && words.nothing].filter(Boolean);
    result.replaceChildren(heading, h("p", {}, report.message, "."), ...said.map((text) => h("p", {}, text)), buttons, ...tablesOf(report));
    heading.focus();
  }

  function finished(report) {
    forget();
    const heading = h("h2", { tabindex: "-1" }, words.done);
    result.replaceChildren(heading, h("p", {}, report.message, ". ", h("a", { href: "#/properties" }, words.toList)), ...tablesOf(report));
    heading.focus();
  }

  return [h("p", {}, words.about), upload, result];
}

function bodyOf(file) {
  const body = new FormData();
  body.append("file", file);
  return body;
}

const send = (file, query) => post(path, bodyOf(file), { query, timeout: patience });

function tablesOf(report) {
  const kinds = [[words.badRows, report.bad_rows], [words.skippedRows, report.skipped_rows], [words.passedOver, report.passed_over]];
  return kinds.filter(([, rows]) => rows?.length).map(([caption, rows]) =>
    section(caption, table({ caption, rows, columns: [{ key: "row" }, { key: "column" }, { key: "value" }, { key: "reason" }], filter: rows.length > 20 })));
}
