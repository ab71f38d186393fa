// A crew member's hours, a line for each day, and the timesheet as a file.
import { list } from "../api.js";
import { clock, hours } from "../clock.js";
import { exportButtons } from "../exports.js";
import { filterForm } from "../filters.js";
import { table } from "../table.js";
import { texts } from "../texts.js";

const words = texts.mytimesheet;

// days sums logs up by the day on which they began.
function days(logs) {
  const groups = Object.groupBy(logs.filter((l) => l.time_in), (l) => l.time_in.slice(0, 10));
  return Object.entries(groups).map(([day, of]) => ({
    day,
    first: of.map((l) => l.time_in).sort()[0],
    last: of.map((l) => l.time_out ?? "").sort().at(-1) || null,
    logs: of.length,
    open: of.filter((l) => !l.time_out).length,
    hours: of.reduce((sum, l) => sum + (hours(l.time_in, l.time_out) ?? 0), 0),
  })).sort((a, b) => (a.day < b.day ? 1 : -1));
}

export default async function mytimesheet({ signal }) {
  const time = await clock();
  let asked = { start_date: time.daysAgo(30), end_date: time.daysAgo(0) };
  const sheet = table({
    caption: texts.pages.mytimesheet,
    rows: async () => days((await list("/winter-logs/", { from: asked.start_date, to: asked.end_date, mine: true }, { signal })).rows),
    columns: [{ key: "day" }, { key: "hours" }, { key: "first", label: words.first }, { key: "last", label: words.last }, { key: "logs", label: words.logs }, { key: "open", label: words.open }],
    summary: (rows) => words.sum(rows.reduce((sum, r) => sum + r.hours, 0)),
    filter: false,
    signal,
  });
  const filter = await filterForm({
    operation: "exportTimesheets",
    only: ["start_date", "end_date"],
    values: asked,
    show: (chosen) => {
      asked = chosen;
      return sheet.reload();
    },
  });
  return [filter, sheet, exportButtons([["/export/contractor-timesheets/", words.export]], () => asked)];
}
