// A card for each node.

import { el, show } from "./dom.js";
import { bytes, count, duration, groupName, microseconds, rate } from "./format.js";
import { COLUMN } from "./history.js";

export function showNodes(container, report, history) {
  container.className = "cards";
  show(container, report.status.nodes.map(node => card(node, report, history)));
}

function card(node, report, history) {
  const [kind, sign, word] = condition(node);
  const load = report.loads.find(l => l.node === node.node);
  return el("article", { class: `card panel ${kind}`, "data-node": node.node, "data-role": node.role },
    el("div", { class: "head" },
      el("h3", null, `Node ${node.node}`, node.node === report.node ? el("span", { class: "quiet" }, " (this one)") : null),
      el("span", { class: `state ${kind}` }, el("span", { "aria-hidden": "true" }, `${sign} `), word)),
    el("p", { class: "quiet" }, node.address, node.reachable ? ` · ${node.version.split("+")[0]}` : "", node.reachable && load?.page && node.node !== report.node
      ? [" · ", el("a", { href: `${location.protocol}//${load.page}/` }, "its page")]
      : null),
    node.reachable ? facts(node, load, history.latestOf(node.node)) : el("p", null, "It does not answer."));
}

/** Colour, sign and word; the word alone says it too. */
function condition(node) {
  if (!node.reachable) {
    return ["bad", "✕", "Unreachable"];
  }

  if (node.differingGroups.length > 0) {
    return ["bad", "✕", `${node.role}, state differs`];
  }

  if (node.unprovenGroups.length > 0) {
    return ["warn", "!", `${node.role}, not confirmed`];
  }

  return node.caughtUp ? ["", "✓", node.role] : ["warn", "…", `${node.role}, catching up`];
}

function facts(node, load, latest) {
  const led = node.groups.filter(g => g.role === "Leader").map(g => groupName(g.group));
  return el("dl", { class: "facts" },
    fact("Lag", count(node.lag)),
    fact("Applied", count(node.applied)),
    fact("Up", duration(node.uptimeSeconds)),
    fact("Writes", latest === null ? "–" : rate(latest[COLUMN.writes])),
    fact("Write p99", latest === null || latest[COLUMN.writeP99] === 0 ? "–" : microseconds(latest[COLUMN.writeP99])),
    fact("Reads", latest === null ? "–" : rate(latest[COLUMN.reads])),
    fact("Leads", led.length === 0 ? "none" : led.join(", ")),
    fact("Data", bytes(node.dataBytes)),
    load?.diskFull ? fact("Disk", el("span", { class: "bad-text" }, "full: writes refused")) : fact("Free", bytes(node.freeBytes)),
    node.syncOnWrite ? null : fact("Durability", el("span", { class: "bad-text" }, "synced in the background")));
}

const fact = (name, value) => el("div", null, el("dt", null, name), el("dd", null, value));
