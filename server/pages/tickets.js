// A crew's tickets: opened, finished and corrected by forms that keep what is typed, and work without a connection.
import { get, operation } from "./api.js";
import * as choices from "./choices.js";
import { clock } from "./clock.js";
import { button } from "./dom.js";
import { formDialog } from "./form.js";
import { told } from "./notice.js";
import * as sender from "./sender.js";
import { texts } from "./texts.js";

const words = texts.tickets;
const quantities = ["bulk_salt_qty", "bag_salt_qty", "calcium_chloride_qty", "customer_provided"];
const kept = ["property_id", "contractor_id", "worker_name", "equipment", "time_in", "time_out", ...quantities, "notes"];

// keptForm is a form whose entry waits where there is no connection. name: what people call the entry; act: body → promise of
// the answer, or of null where it waits; changed runs either way.
export async function keptForm(title, { name, act, changed, ...options }) {
  let draft;
  const box = await formDialog(title, {
    ...options,
    send: act,
    done: (answer) => {
      draft.forget();
      changed(answer);
      return answer ? undefined : words.waits;
    },
  });
  const form = box.querySelector("form");
  draft = sender.draft(form, name);
  if (!draft.kept) return;
  told(texts.waiting.kept);
  const discard = () => {
    draft.forget();
    box.close();
  };
  form.querySelector(".buttons").append(button(texts.waiting.discard, discard, { class: "quiet" }));
}

// tickets reads ahead what the forms need, as it cannot be read without a connection.
export async function tickets(me, changed) {
  const [time, equipment] = await Promise.all([clock(), choices.equipment(), operation("submitWinterLog"), operation("updateWinterLog")]);
  const fields = {
    property_id: { choices: choices.properties },
    equipment: { choices: equipment, hint: words.equipment },
    time_in: { hint: "" },
    time_out: { hint: "" },
    worker_name: { hint: words.worker },
  };

  // suggested is when the next ticket should begin, as the portal says, or now.
  async function suggested() {
    try {
      return (await get("/suggested-log-time/", null, { timeout: 4_000 })).suggested_time;
    } catch {
      return time.now();
    }
  }

  const submit = (name) => (body) => sender.send(name, "POST", "/submit-winter-log/", body);

  // start opens a ticket at a property: {id, name}. more: fields that are sent and not shown.
  async function start(property, more = {}) {
    const name = words.startOf(property.name);
    await keptForm(name, {
      name,
      operation: "submitWinterLog",
      only: ["time_in", "equipment", "notes"],
      fixed: { property_id: property.id, ...more },
      values: { time_in: await suggested(), equipment: me.default_equipment || null },
      fields,
      submit: words.start,
      act: submit(name),
      changed,
    });
  }

  // done logs work that is over already.
  async function done() {
    await keptForm(words.done, {
      name: words.done,
      operation: "submitWinterLog",
      only: ["property_id", "time_in", "time_out", ...quantities, "equipment", "notes"],
      values: { time_in: await suggested(), time_out: time.now(), equipment: me.default_equipment || null },
      fields: { ...fields, time_out: { hint: "", required: true } },
      act: submit(words.done),
      changed,
    });
  }

  const replace = (log, name) => (body) => sender.send(name, "PUT", `/winter-logs/${log.id}`, body);

  // The whole record is replaced, so what is not shown is sent as it was.
  const whole = (log) => (body) => ({ ...Object.fromEntries(kept.map((k) => [k, log[k]])), ...body });

  // begin starts a ticket that is queued on a route.
  async function begin(log) {
    const name = words.startOf(log.property_name);
    await keptForm(name, { name, operation: "updateWinterLog", path: { log_id: log.id }, only: ["time_in"], values: { time_in: time.now() }, fields, change: whole(log), submit: words.start, act: replace(log, name), changed });
  }

  // finish closes a running ticket with what was used. One of a route is completed there too, which opens the next.
  async function finish(log) {
    const name = words.finishOf(log.property_name);
    const act = async (body) => {
      const answer = await replace(log, name)(body);
      if (log.route_status !== "active") return answer;
      return sender.send(name, "POST", "/routes/complete-property/", undefined, { query: { log_id: log.id } });
    };
    await keptForm(name, {
      name: `${name} ${log.id}`,
      operation: "updateWinterLog",
      path: { log_id: log.id },
      only: ["time_out", ...quantities, "notes"],
      values: { ...log, time_out: [time.now(), log.time_in].sort().at(-1) },
      fields: { ...fields, time_out: { hint: "", required: true } },
      change: whole(log),
      submit: words.finish,
      act,
      changed,
    });
  }

  // correct changes anything in a log.
  const correct = (log) =>
    formDialog(words.changeOf(log.property_name), {
      operation: "updateWinterLog",
      path: { log_id: log.id },
      only: kept.filter((k) => k !== "contractor_id"),
      fixed: { contractor_id: log.contractor_id },
      values: log,
      fields,
      done: changed,
    });

  return { start, done, begin, finish, correct, time, equipment };
}
