// What keeps companies apart, for operators and who looks after the database: what the audit finds, what stands around each
// table, and how the last attack on all of it went.
import { get } from "../api.js";
import { button, h } from "../dom.js";
import { facts, section } from "../facts.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { shown, word } from "../words.js";

const words = texts.isolation;

export default async function isolation({ go, signal }) {
  const i = await get("/api/isolation", null, { signal, timeout: 120_000 });
  return [
    h("p", { class: i.errors ? "verdict bad" : "verdict good" }, h("strong", {}, words.verdict(i.errors, i.warnings))),
    facts(i, [[words.askedAt, `${shown(i.asked_at)} UTC`], [words.took, words.milliseconds(i.milliseconds)], [words.postgresql, i.postgresql], [words.schema, String(i.schema_version)], [words.posture, h("code", {}, i.posture)]]),
    h("p", { class: "hint" }, words.postureAbout),
    h("div", { class: "buttons" }, button(words.again, () => go("/isolation"))),
    section(words.findings, h("p", {}, words.findingsAbout(i.lints.length)), findings(i), lints(i)),
    section(words.tables, h("p", {}, words.tablesAbout), tables(i)),
    section(words.bypassers, h("p", {}, words.bypassersAbout), table({ caption: words.bypassers, rows: i.bypassers, columns: [{ key: "role", label: words.role }, { key: "logs_in" }, { key: "reason" }], filter: false, empty: words.noBypassers })),
    section(words.exceptions, h("p", {}, words.exceptionsAbout), exceptions(i)),
    section(words.attack, ...attack(i)),
  ];
}

const findings = (i) =>
  table({
    caption: words.findings,
    rows: i.findings,
    columns: [
      { key: "severity", value: (f) => word(f.severity), cell: (f) => h("span", { class: `badge ${f.severity}` }, word(f.severity)) },
      { key: "lint" },
      { key: "object" },
      { key: "detail", label: words.detail },
      { key: "remedy" },
      { key: "about" },
    ],
    filter: i.findings.length > 10,
    empty: words.noFindings,
  });

const lints = (i) => h("details", {}, h("summary", {}, words.lints), facts({}, i.lints.map((l) => [l.lint, l.about])));

const lines = (key) => ({ key, cell: (row) => h("span", { class: "lines" }, row[key] ?? "") });

const tables = (i) => table({ caption: words.tables, rows: i.tables, columns: [{ key: "table_name" }, { key: "verdict" }, { key: "customer_column" }, lines("wall"), lines("doors"), lines("grants"), lines("keys"), lines("foreign_keys")] });

const exceptions = (i) =>
  table({
    caption: words.exceptions,
    rows: i.exceptions,
    columns: [{ key: "lint" }, { key: "object" }, { key: "reason" }, { key: "expires_on", value: (e) => (e.expired ? words.expired(e.expires_on) : e.expires_on) }, { key: "made_by" }, { key: "made_on" }],
    filter: false,
    empty: words.noExceptions,
  });

function attack({ attack_report: r, attack_report_fault: fault }) {
  if (fault) return [h("p", { class: "verdict bad" }, fault)];
  if (!r) return [h("p", {}, words.noAttack)];
  return [
    h("p", { class: r.leaked || r.empty ? "verdict bad" : "verdict good" }, h("strong", {}, words.attacked(r))),
    facts(r, ["made", [words.postgresql, r.postgresql], "commit", "vectors", "cells", "held", "leaked", "controls", [words.empty, shown(r.empty)], "statements"]),
    h("ul", {}, r.routes.map((route) => h("li", {}, route))),
  ];
}
