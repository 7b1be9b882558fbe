// What the nodes check of each other and of themselves, and what they found.

import { el, show } from "./dom.js";
import { count, microseconds } from "./format.js";

export function showVerification(container, report) {
  const told = report.loads.filter(load => report.status.nodes.some(node => node.node === load.node && node.reachable));
  container.className = "scroll panel";
  show(container,
    el("p", null, verdict(told)),
    el("table", null,
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "Node"), el("th", { scope: "col" }, "Checks"), el("th", { scope: "col", class: "number" }, "p50"), el("th", { scope: "col", class: "number" }, "p99"), el("th", { scope: "col", class: "number" }, "Scrubs"), el("th", { scope: "col", class: "number" }, "Found wrong"))),
      el("tbody", null, told.map(row))));
}

function verdict(told) {
  const found = Math.max(0, ...told.map(load => load.verification.divergences));
  const off = told.filter(load => !load.verification.enabled).map(load => load.node);
  if (found > 0) {
    return el("span", { class: "state bad" }, el("span", { "aria-hidden": "true" }, "✕ "), `${count(found)} ${found === 1 ? "replica was" : "replicas were"} found to be wrong`);
  }

  return off.length > 0
    ? el("span", { class: "state warn" }, el("span", { "aria-hidden": "true" }, "! "), `Off on node ${off.join(", ")}`)
    : el("span", { class: "state" }, el("span", { "aria-hidden": "true" }, "✓ "), "No replica differs");
}

function row({ node, verification }) {
  const time = us => us > 0 ? microseconds(us) : "–";
  return el("tr", null,
    el("th", { scope: "row" }, String(node)),
    el("td", null, verification.scrubDifference ? el("span", { class: "bad-text" }, verification.scrubDifference) : verification.enabled ? "every write" : el("span", { class: "bad-text" }, "off")),
    el("td", { class: "number" }, time(verification.p50Us)),
    el("td", { class: "number" }, time(verification.p99Us)),
    el("td", { class: "number" }, count(verification.scrubRounds)),
    el("td", { class: "number" }, count(verification.divergences)));
}
