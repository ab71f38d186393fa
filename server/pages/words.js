// How names and values of the API are shown to people.
import { texts } from "./texts.js";

// label is the word for a field of the API.
export function label(key) {
  if (texts.fields[key]) return texts.fields[key];
  const words = key.replace(/_id$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// value is the word for one of the values that a field may have.
export function word(value) {
  if (texts.values[value]) return texts.values[value];
  const words = String(value).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const local = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?$/;
const amounts = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

// shown is a value as text. Times are the company's, as the API says them.
export function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  if (typeof value === "number") return amounts.format(value);
  if (Array.isArray(value)) return value.map(shown).join(", ");
  const time = local.exec(value);
  return time ? `${time[1]} ${time[2]}` : String(value);
}

export function dollars(value) {
  return value === null || value === undefined ? "" : money.format(value);
}
