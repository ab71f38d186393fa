// Mail and text messages: how they are set up, a try of each, and a mail to write.
import { get } from "../api.js";
import { facts, section } from "../facts.js";
import { form } from "../form.js";
import { texts } from "../texts.js";
import { word } from "../words.js";

const words = texts.messages;
const addresses = { hint: words.each };

export default async function messages({ me, signal }) {
  const status = await get("/email/status", null, { signal });
  const mail = await form({ operation: "testEmail", title: words.testMail, values: { to_email: me.email }, submit: words.tryMail });
  const text = me.features.sms && (await form({ operation: "sendTestSMS", title: words.testText, parameters: ["phone_number"], values: { phone_number: me.phone_number }, fields: { phone_number: { required: true, hint: "" } }, submit: words.tryText }));
  const letter = await form({
    operation: "sendEmail",
    title: words.write,
    only: ["to_emails", "cc_emails", "bcc_emails", "subject", "body"],
    fields: { to_emails: { label: words.to, ...addresses }, cc_emails: { label: words.copy, ...addresses }, bcc_emails: { label: words.blind, ...addresses }, body: { label: words.text } },
    submit: words.send,
    done: () => {
      for (const c of Object.values(letter.controls)) c.set(null);
    },
  });
  return [
    section(words.state, facts(status, [[words.configured, status.configured ? word(texts.yes) : words.notConfigured], "from_address", [words.account, status.level ? texts.keys.by(status.level) : ""]])),
    section(words.testMail, mail),
    section(words.testText, text || words.noTexts),
    section(words.write, letter),
  ];
}
