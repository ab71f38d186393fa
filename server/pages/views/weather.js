// What the weather asks for: properties whose trigger is reached, alerts about them, and the forecast of any place.
import { get } from "../api.js";
import * as choices from "../choices.js";
import { button, h } from "../dom.js";
import { filterForm } from "../filters.js";
import { formDialog } from "../form.js";
import { refused } from "../notice.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { label, shown, word } from "../words.js";

const words = texts.weather;

export default async function weather({ signal }) {
  const settings = await get("/weather/settings/", null, { signal });
  if (!settings.weather_api_configured) return h("p", {}, words.notSetUp);
  const said = h("div", { role: "status" });
  const failures = h("div", {});
  const properties = table({
    caption: words.properties,
    rows: () => forecasts(failures, signal),
    columns: [
      { key: "property_name", cell: (p) => h("a", { href: `#/properties/${p.property_id}` }, p.property_name) },
      { key: "needs_service", cell: (p) => p.needs_service && h("span", { class: "badge" }, words.due) },
      { key: "forecast_snow_24h" },
      { key: "trigger_amount" },
      { key: "trigger_type", value: (p) => word(p.trigger_type) },
      { key: "open_by_time" },
      { key: "area_manager" },
      { key: "address" },
      { key: "stale", cell: (p) => p.stale && words.stale },
    ],
    signal,
  });

  async function summarize() {
    try {
      const { summary } = await get("/weather/ai-summary/", null, { signal, timeout: 120_000 });
      said.replaceChildren(h("h2", {}, words.summary), ...summary.split("\n").filter(Boolean).map((line) => h("p", {}, line)));
    } catch (error) {
      refused(error);
    }
  }

  const alert = () =>
    formDialog(words.alert, {
      operation: "sendWeatherAlert",
      only: ["message", "property_ids", "forecast_hours"],
      values: { forecast_hours: settings.alert_threshold_hours, property_ids: properties.rows.filter((p) => p.needs_service).map((p) => p.property_id) },
      fields: { property_ids: { choices: async () => (await choices.properties()).sort(dueFirst(properties.rows)), required: true } },
      submit: words.send,
      done: (answer) => {
        said.replaceChildren(h("h2", {}, words.sent), h("p", {}, words.alerted(answer.alert)), h("p", {}, answer.summary));
        return answer.message;
      },
    });

  return [
    h("p", {}, words.provider(settings)),
    h("div", { class: "buttons" }, button(words.alert, alert), settings.ai_enabled && button(words.summarize, summarize, { class: "quiet" })),
    said,
    properties,
    failures,
    await places(signal),
  ];
}

async function forecasts(failures, signal) {
  const answer = await get("/weather/properties-forecast/", null, { signal, timeout: 120_000 });
  failures.replaceChildren(...answer.failures.map((f) => h("p", {}, words.failure(f.property_ids.length, f.detail))), answer.message ? h("p", {}, answer.message) : "");
  return answer.properties.sort((a, b) => b.needs_service - a.needs_service);
}

function dueFirst(rows) {
  const due = new Set(rows.filter((p) => p.needs_service).map((p) => p.property_id));
  return ([a], [b]) => due.has(b) - due.has(a);
}

// places are forms for the forecast anywhere.
async function places(signal) {
  const found = h("div", { role: "status" });

  async function show(path, query) {
    const answer = await get(path, query, { signal });
    const entries = answer.forecasts ?? [{ ...answer, datetime: answer.timestamp }];
    const keys = Object.keys(entries[0] ?? {}).filter((key) => key in words.columns);
    found.replaceChildren(table({ caption: words.at(answer.city ?? words.coordinates, shown(answer.fetched_at), answer.stale), rows: entries, filter: false, columns: keys.map((key) => ({ key, label: words.columns[key] })), signal }));
  }

  const ways = [
    ["getForecastByZip", "/weather/by-zip/", words.zip, ["zip_code", "country_code"]],
    ["getForecastByCity", "/weather/by-city/", words.city, ["city", "state", "country_code"]],
    ["getForecast", "/weather/forecast/", words.coordinates, ["lat", "lon"]],
    ["getCurrentWeather", "/weather/current/", words.now, ["lat", "lon"]],
  ];
  const fields = { lat: { label: label("latitude") }, lon: { label: label("longitude") }, zip_code: { label: words.zip, required: true }, city: { required: true } };
  const forms = await Promise.all(ways.map(async ([operation, path, title, parameters]) => h("details", {}, h("summary", {}, title), await filterForm({ operation, parameters, fields, values: { country_code: "US" }, show: (query) => show(path, query) }))));
  return h("section", {}, h("h2", {}, words.anywhere), forms, found);
}
