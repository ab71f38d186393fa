// QuickBooks: the connection, the invoices of an event, and what became of each.
import { get, post } from "../api.js";
import * as choices from "../choices.js";
import { came, connection } from "../connection.js";
import { button, h } from "../dom.js";
import { filterForm } from "../filters.js";
import { confirm } from "../form.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { dollars, word } from "../words.js";

const words = texts.quickbooks;

export default async function quickbooks({ query, signal }) {
  came(query);
  const state = h("div", {});
  const report = h("div", { role: "status" });
  let event = Number(query.get("event")) || undefined;

  async function draw() {
    const status = await get("/quickbooks/status", null, { signal });
    state.replaceChildren(connection({ name: words.name, path: "/quickbooks", status, facts: ["realm_id", "token_expires_at", "mapped_properties", "invoice_count", "pending_invoices"], draw }));
    return status;
  }

  const invoices = table({
    caption: words.invoices,
    path: "/quickbooks/invoices",
    query: { winter_event_id: event },
    columns: [
      { key: "property_name" },
      { key: "event_name" },
      { key: "quickbooks_invoice_number", label: words.number },
      { key: "total_amount", cell: (i) => dollars(i.total_amount) },
      { key: "status", value: (i) => word(i.status) },
      { key: "failure" },
      { key: "created_at" },
    ],
    signal,
  });

  const make = (winter_event_id, name) =>
    confirm(words.makeSure(name), () => post(`/quickbooks/invoices/event/${winter_event_id}`, undefined, { timeout: 300_000 }), { act: words.make, danger: false, done: (made) => {
      report.replaceChildren(...reported(made));
      invoices.reload();
      draw();
      return words.made(made);
    } });

  const events = await choices.events();
  const chosenName = () => events.find(([id]) => id === event)?.[1];
  const buttons = h("div", { class: "buttons" });
  const offer = () => buttons.replaceChildren(event ? button(words.make, () => make(event, chosenName())) : h("p", {}, words.choose));
  const filter = await filterForm({
    operation: "listInvoices",
    parameters: ["winter_event_id", "property_id"],
    values: { winter_event_id: event },
    fields: { winter_event_id: { choices: events, label: texts.fields.event_id }, property_id: { choices: choices.properties } },
    show: (asked) => {
      event = asked.winter_event_id;
      offer();
      return invoices.reload(asked);
    },
  });
  const status = await draw();
  offer();
  return [state, h("h2", {}, words.invoices), filter, status.connected && buttons, report, invoices];
}

// reported lists what became of the properties of an event.
function reported(made) {
  const part = (title, rows, text) => rows.length > 0 && [h("h3", {}, `${title}: ${rows.length}`), h("ul", {}, rows.map((r) => h("li", {}, text(r))))];
  return [
    part(words.created, made.created, (r) => `${r.property_name}: ${r.invoice_number}, ${dollars(r.total_amount)}`),
    part(words.skipped, made.skipped, (r) => `${r.property_name}: ${r.reason}`),
    part(words.failed, made.failed, (r) => `${r.property_name}: ${r.reason}`),
    made.remaining > 0 && h("p", {}, words.remaining(made.remaining)),
  ].flat(2).filter(Boolean);
}
