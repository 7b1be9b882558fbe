// The head of the page: which cluster, how it stands, as whom.

import { el, show } from "./dom.js";
import { clock } from "./format.js";

const SIGNS = { Healthy: ["✓", ""], Degraded: ["!", "warn"], Unavailable: ["✕", "bad"] };

export function showVerdict(report, isOld) {
  const { cluster, health } = report.status;
  const [sign, kind] = isOld ? ["?", "warn"] : SIGNS[health] ?? ["?", "warn"];
  const word = isOld ? "Unknown" : health;
  document.title = `${sign} ${cluster}: ${word}`;
  show(document.getElementById("cluster"), cluster);
  show(document.getElementById("health"), el("span", { class: `state ${kind}` }, el("span", { "aria-hidden": "true" }, `${sign} `), word));
  show(document.getElementById("majority"), isOld ? "" : report.majority);
  show(document.getElementById("seen"), `As node ${report.node} sees it, ${clock(report.at)}`);
}
