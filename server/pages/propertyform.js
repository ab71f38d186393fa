// The form of a property, for a new one and for a change.
import { forget } from "./choices.js";
import { formDialog } from "./form.js";

const order = ["name", "address", "area_manager", "sqft", "plow", "salt", "trigger_type", "trigger_amount", "contract_tier", "open_by_time", "billing_type", "plow_rate", "salt_rate", "sidewalk_snow_rate", "sidewalk_deice_rate", "show_on_weather_dashboard", "latitude", "longitude", "notes"];
const usual = { show_on_weather_dashboard: true, trigger_type: "zero_tolerance", contract_tier: "Standard", billing_type: "hourly" };

// propertyDialog asks for a property's fields: those of property, or of a new one.
export function propertyDialog(title, { property, done }) {
  const bare = Object.fromEntries(["plow", "salt", "show_on_weather_dashboard", "trigger_type", "contract_tier", "billing_type"].map((name) => [name, { hint: "" }]));
  return formDialog(title, {
    operation: property ? "updateProperty" : "addProperty",
    only: order,
    fixed: property ? { id: property.id } : {},
    values: property ?? usual,
    fields: bare,
    done: (answer) => {
      forget();
      return done(answer);
    },
  });
}
