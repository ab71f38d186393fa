// Jobber: the connection, its clients and properties brought here, and which property of ours each is.
import { get, list, post } from "../api.js";
import * as choices from "../choices.js";
import { came, connection } from "../connection.js";
import { button, h } from "../dom.js";
import { formDialog } from "../form.js";
import { refused, saved } from "../notice.js";
import { table } from "../table.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.jobber;

export default async function jobber({ query, signal }) {
  came(query);
  const state = h("div", {});
  const doing = h("p", { role: "status", hidden: true });

  async function draw() {
    const status = await get("/jobber/status", null, { signal });
    const buttons = ["full", "clients", "properties"].map((kind) => button(words.syncs[kind], () => sync(kind), { class: kind === "full" ? undefined : "quiet" }));
    state.replaceChildren(connection({ name: words.name, path: "/jobber", status, facts: ["account_name", "token_expires_at", "total_clients", "total_properties", "mapped_properties"], draw }), status.connected ? h("div", { class: "buttons" }, buttons) : "");
  }

  // sync reads on until the job has ended, which its row of the log says.
  async function sync(sync_type) {
    try {
      const begun = await post("/jobber/sync", { sync_type });
      let row = { status: begun.status };
      while (row.status === "started" && !signal.aborted) {
        doing.replaceChildren(words.syncing(row), h("progress", { "aria-label": words.syncs[sync_type] }));
        doing.hidden = false;
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const logged = await get("/jobber/sync-logs", { limit: 50 }, { signal });
        row = logged.logs.find((l) => l.id === begun.sync_log_id) ?? row;
      }
      if (row.status === "failed") refused({ status: 1, detail: row.error_message });
      else saved(begun.message);
    } catch (error) {
      refused(error);
    }
    doing.hidden = true;
    properties.reload();
    logs.reload();
    await draw();
  }

  const map = (p) =>
    formDialog(`${words.map} ${p.jobber_property_address ?? p.jobber_property_id}`, {
      operation: "mapJobberProperty",
      path: { jobber_property_id: p.jobber_property_id },
      only: ["property_id", "sync_enabled", "auto_create_property"],
      values: p,
      fields: { property_id: { choices: choices.properties } },
      done: (answer) => {
        properties.reload();
        draw();
        return answer.message;
      },
    });

  const properties = table({
    caption: words.properties,
    path: "/jobber/properties",
    of: (answer) => answer.properties,
    columns: [{ key: "jobber_client_name", label: words.client }, { key: "jobber_property_address", label: words.address }, { key: "property_name", label: words.ours }, { key: "sync_enabled", label: words.enabled }, { key: "auto_create_property", label: words.creates }, { key: "last_synced_at", label: words.last }],
    actions: (p) => [button(words.map, () => map(p), { class: "quiet", "aria-label": `${words.map} ${p.jobber_property_address ?? p.jobber_property_id}` })],
    signal,
  });
  const logs = table({
    caption: words.logs,
    rows: async () => (await list("/jobber/sync-logs", null, { signal, of: (answer) => answer.logs })).rows,
    columns: [{ key: "started_at" }, { key: "completed_at" }, { key: "sync_type", value: (l) => word(l.sync_type) }, { key: "status", value: (l) => word(l.status) }, { key: "items_processed" }, { key: "items_created" }, { key: "items_updated" }, { key: "items_skipped" }, { key: "error_message" }],
    filter: false,
    signal,
  });
  await draw();
  return [state, doing, properties, logs];
}
