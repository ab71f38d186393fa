// What becomes of somebody who has asked for an account.
import { h } from "../dom.js";
import { texts } from "../texts.js";

const words = texts.waitingFor;

export default function waiting() {
  return [h("p", {}, words.text), h("p", {}, words.then), h("p", {}, h("a", { href: "#/log-in" }, texts.login.submit))];
}
