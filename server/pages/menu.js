// The pages: where each stands, what it is called, who has it, and which module shows it.
import { texts } from "./texts.js";

const operator = ["Super Admin"];
const admin = ["Admin"];
const office = ["Admin", "Manager"];
const crew = ["Contractor", "Subcontractor", "User"];
const members = [...office, ...crew];
const everybody = [...members, ...operator];

// A page: path with :parameters, title, view (module in views/), roles (none: open to whoever is not logged in), group of the
// menu (none: it is reached from another page), own: not for an operator who acts inside a company, secret: its address
// brings something that does not stay there.
const page = (path, view, roles, group, more) => ({ path, view, roles, group, title: texts.pages[view], ...more });

export const pages = [
  page("/", "home", everybody, "start"),

  page("/log-in", "login", null, null, { secret: true }),
  page("/accept-invitation", "invitation", null, null, { secret: true }),
  page("/forgotten-password", "forgotten", null),
  page("/reset-password", "reset", null, null, { secret: true }),
  page("/sign-up", "signup", null, null, { secret: true }),
  page("/waiting", "waiting", null),
  page("/profile", "profile", everybody, "account", { own: true }),

  page("/customers", "customers", operator, "operation"),
  page("/customers/:id", "customer", operator),
  page("/isolation", "isolation", operator, "operation"),

  page("/today", "today", crew, "work", { own: true }),
  page("/my-route", "myroute", crew, "work", { own: true }),
  page("/my-logs", "mylogs", crew, "work"),
  page("/my-timesheet", "mytimesheet", crew, "work"),

  page("/events", "events", office, "storm"),
  page("/events/:id", "event", office),
  page("/board", "board", office, "storm"),
  page("/weather", "weather", office, "storm"),
  page("/logs", "logs", office, "storm"),
  page("/green-logs", "greenlogs", members, "storm"),
  page("/texts", "smsthreads", office, "storm", { feature: "sms" }),

  page("/properties", "properties", members, "places"),
  page("/properties/import", "import", office),
  page("/properties/:id", "property", members),
  page("/map", "map", members, "places"),
  page("/lists", "lists", members, "places"),
  page("/lists/:id", "list", members),
  page("/routes", "routes", members, "places"),
  page("/routes/:id", "route", members),

  page("/reports", "reports", office, "books"),
  page("/rates", "rates", members, "books"),
  page("/products", "products", members, "books"),
  page("/quickbooks", "quickbooks", admin, "books", { feature: "quickbooks" }),
  page("/jobber", "jobber", office, "books", { feature: "jobber" }),

  page("/people", "people", admin, "company"),
  page("/sign-ups", "signups", admin, "company"),
  page("/invitations", "invitations", admin, "company"),
  page("/company", "company", admin, "company"),
  page("/keys", "keys", members, "company"),
  page("/messages", "messages", office, "company"),
  page("/services", "services", admin, "company"),
  page("/jobs", "jobs", admin, "company"),
  page("/sessions", "sessions", admin, "company"),
  page("/audit-log", "auditlog", admin, "company"),

  page("/assistant", "assistant", members, "account", { feature: "ai" }),
];

// has tells whether somebody's company has what a page is of, by its plan.
export function has(page, me) {
  return !page.feature || Boolean(me?.features[page.feature]);
}

// allowed tells whether somebody has a page.
export function allowed(page, me) {
  return !page.roles || (me && page.roles.includes(me.role) && !(page.own && me.acting_as));
}

// find is the page that stands at a path, with the parameters there.
export function find(path) {
  for (const page of pages) {
    const names = [];
    const form = page.path.replace(/:(\w+)/g, (_, name) => {
      names.push(name);
      return "([^/]+)";
    });
    const match = new RegExp(`^${form}$`).exec(path);
    if (match) return { page, params: Object.fromEntries(names.map((n, i) => [n, decodeURIComponent(match[i + 1])])) };
  }
  return null;
}
