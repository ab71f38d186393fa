// What was used and worked, by product, by property and by person, and the files for billing and pay.
import { call } from "../api.js";
import * as choices from "../choices.js";
import { clock } from "../clock.js";
import { h } from "../dom.js";
import { exportButtons } from "../exports.js";
import { filterForm } from "../filters.js";
import { table } from "../table.js";
import { texts } from "../texts.js";

const words = texts.reports;

const totals = ["winter_hours", "winter_logs", "open_tickets", "bulk_salt", "bag_salt", "calcium_chloride", "green_hours", "green_logs", "green_products_used"];
const reports = [
  ["/report/by-product/", words.products, ["product_name", "total_used", "unit"]],
  ["/report/by-property/", words.properties, ["property", ...totals]],
  ["/report/by-user/", words.people, ["subcontractor", ...totals]],
];
const files = ["contractor-timesheets", "property-logs", "billing-report", "winter-logs", "field-service-reports"].map((name) => [`/export/${name}/`, words.files[name]]);

export default async function report({ signal }) {
  const time = await clock();
  let chosen = { start_date: time.daysAgo(30), end_date: time.daysAgo(0) };
  const names = async () => (await choices.rowsOf("/contractors/")).map((p) => [choices.personName(p), choices.personName(p)]);
  const tables = reports.map(([path, caption, keys]) =>
    table({ caption, rows: () => call("POST", path, { body: chosen, signal }), columns: keys.map((key) => ({ key, label: words.columns[key] })), signal }));
  const filter = await filterForm({
    operation: "reportByProduct",
    only: ["start_date", "end_date", "winter_event_id", "property_id", "contractor_name", "user_id", "equipment"],
    values: chosen,
    fields: {
      winter_event_id: { choices: choices.events, label: texts.fields.event_id },
      property_id: { choices: choices.properties },
      contractor_name: { choices: names },
      user_id: { choices: choices.people, label: words.enteredBy },
      equipment: { choices: choices.equipment },
    },
    show: (asked) => {
      chosen = asked;
      return Promise.all(tables.map((t) => t.reload()));
    },
  });
  return [filter, exportButtons(files, () => chosen), h("h2", {}, words.title), tables];
}
