// A person's own record, password, sign-ons and text messages.
import { del, get, post } from "../api.js";
import { action, attempt } from "../actions.js";
import { equipment } from "../choices.js";
import { button, h } from "../dom.js";
import { facts, section } from "../facts.js";
import { confirm, form } from "../form.js";
import { told } from "../notice.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { shown, word } from "../words.js";

const words = texts.profile;

export default async function profile({ me, query, signal }) {
  const member = Boolean(me.customer_id);
  if (query.get("linked")) setTimeout(() => told(words.linked(word(query.get("linked")))));
  return [
    facts(me, ["name", "email", [texts.fields.role, word(me.role)]]),
    section(words.record, await record(me, member)),
    section(words.password, await password()),
    member && section(words.signOns, await signOns(signal)),
    member && me.features.sms && section(words.sms, await messages()),
    section(words.sessions, sessions(member, signal)),
  ];
}

async function record(me, member) {
  const element = await form({
    operation: "updateProfile",
    title: words.record,
    values: me,
    submit: words.saveRecord,
    fields: { phone_number: { autocomplete: "tel" }, address: { type: "text", autocomplete: "street-address" }, default_equipment: member ? { choices: equipment } : {} },
    done: () => void Object.assign(me, element.body()),
  });
  return element;
}

async function password() {
  const element = await form({
    operation: "changePassword",
    title: words.password,
    fields: { current_password: { type: "password", autocomplete: "current-password" }, new_password: { autocomplete: "new-password" } },
    submit: words.changePassword,
    done: () => {
      for (const c of Object.values(element.controls)) c.set("");
    },
  });
  return element;
}

async function signOns(signal) {
  const config = await get("/pages/config.json", null, { open: true });
  const list = table({
    caption: words.signOns,
    path: "/auth/identities/",
    columns: [{ key: "provider", value: (i) => word(i.provider) }, { key: "email" }, { key: "created_at" }],
    actions: (i) => action(words.unlink, `${word(i.provider)} ${i.email ?? ""}`, () => confirm(words.unlinkIt(word(i.provider)), () => del(`/auth/identities/${i.id}`), { act: words.unlink, done: () => list.reload() })),
    empty: config.sign_on.length ? words.noSignOn : words.noProvider,
    filter: false,
    signal,
  });
  const link = (provider) => button(words.link(texts.login.providers[provider]), () => attempt(async () => location.assign((await post(`/auth/${provider}/link`)).authorization_url), () => words.leaving));
  return [list, config.sign_on.length > 0 && h("div", { class: "buttons" }, config.sign_on.map(link))];
}

async function messages() {
  return form({
    operation: "setSMSPreferences",
    title: words.sms,
    submit: words.saveMessages,
    values: await get("/sms/preferences"),
    only: ["sms_notifications_enabled", "notify_on_assignment", "notify_on_route_assignment", "notify_on_winter_event_start", "notify_on_ticket_reminder", "notify_on_weather_alert", "quiet_hours_start", "quiet_hours_end"],
    fields: { sms_notifications_enabled: { hint: words.stop }, notify_on_weather_alert: { hint: words.office }, quiet_hours_start: { hint: words.quiet }, quiet_hours_end: { hint: "" } },
    done: () => texts.saved,
  });
}

function sessions(member, signal) {
  const list = table({
    caption: words.sessions,
    path: "/api/my-sessions/",
    columns: [{ key: "since" }, { key: "refreshed_at", label: texts.sessions.last }, { key: "expires_at" }, { key: "current", label: words.here }, !member && { key: "acting", label: words.acting }].filter(Boolean),
    actions: (s) => !s.current && action(words.endSession, words.sessionOf(shown(s.since)), () => confirm(words.endIt(shown(s.since)), () => del(`/api/my-sessions/${s.id}`), { act: words.endSession, done: () => list.reload() })),
    filter: false,
    signal,
  });
  return list;
}
