// What to say when the node that serves the page does not answer.

import { el, show } from "./dom.js";
import { clock } from "./format.js";

// Shorter silences are told by the next answer.
const PATIENCE_MS = 1500;

export function showNotice(container, last, silentSince) {
  if (silentSince === null || Date.now() - silentSince < PATIENCE_MS) {
    show(container);
    return;
  }

  if (last === null) {
    show(container, el("p", { class: "notice" }, "This node does not answer: it is being started or stopped. The page asks again until it does."));
    return;
  }

  const others = last.loads.filter(load => load.node !== last.node && load.page !== "");
  show(container, el("p", { class: "notice" },
    el("strong", null, `Node ${last.node} has not answered since ${clock(silentSince)}.`),
    ` Below is what it saw at ${clock(last.at)}; the cluster may stand otherwise now.`,
    others.length === 0 ? "" : " Pages of the others: ",
    others.map((load, i) => [i > 0 ? ", " : "", el("a", { href: `${location.protocol}//${load.page}/` }, `node ${load.node}`)]).flat()));
}
