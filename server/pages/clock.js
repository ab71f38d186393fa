// The company's clock, by which the API says times, whatever zone the browser is in.
import { get } from "./api.js";

// clock reads the company's zone once. now() is the time there, and daysAgo(n) the date, as the API takes them.
export async function clock() {
  const { timezone } = await get("/api/my-customer/");
  const form = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "medium" });
  const at = (time) => form.format(time).replace(" ", "T");
  return {
    now: () => `${at(Date.now()).slice(0, 16)}:00`,
    daysAgo: (days) => at(Date.now() - days * 86_400_000).slice(0, 10),
  };
}

// hours is the time between two times of the API, in hours; null where one is missing.
export function hours(from, to) {
  return from && to ? (Date.parse(`${to}Z`) - Date.parse(`${from}Z`)) / 3_600_000 : null;
}
