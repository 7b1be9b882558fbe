// The groups: who leads each, and how far each replica is behind.

import { el, show } from "./dom.js";
import { count, groupName } from "./format.js";

export function showGroups(container, report) {
  const { nodes } = report.status;
  const numbers = [...new Set(nodes.flatMap(node => node.groups.map(g => g.group)))].sort((a, b) => a - b);
  container.className = "scroll panel";
  container.tabIndex = 0;
  container.setAttribute("role", "region");
  container.setAttribute("aria-labelledby", "groups-title");
  show(container, numbers.length === 0
    ? el("p", null, "No node told of any.")
    : el("table", null,
      el("thead", null, el("tr", null,
        el("th", { scope: "col" }, "Group"), el("th", { scope: "col" }, "Leader"), el("th", { scope: "col", class: "number" }, "Term"), el("th", { scope: "col", class: "number" }, "Commit"),
        nodes.map(node => el("th", { scope: "col" }, `Node ${node.node}`)))),
      el("tbody", null, numbers.map(number => row(number, nodes)))));
}

function row(number, nodes) {
  const replicas = nodes.map(node => node.groups.find(g => g.group === number) ?? null);
  const leader = nodes
    .map((node, i) => ({ node: node.node, replica: replicas[i] }))
    .filter(r => r.replica?.role === "Leader")
    .sort((a, b) => b.replica.term - a.replica.term)[0];
  const known = replicas.filter(r => r !== null);
  const commit = leader?.replica.commit ?? Math.max(...known.map(r => r.commit));
  return el("tr", { "data-group": number, "data-leader": leader?.node ?? 0 },
    el("th", { scope: "row" }, groupName(number)),
    el("td", null, leader ? `node ${leader.node}` : el("span", { class: "bad-text" }, "none")),
    el("td", { class: "number" }, count(Math.max(...known.map(r => r.term)))),
    el("td", { class: "number" }, count(commit)),
    replicas.map(replica => el("td", null, replica === null ? el("span", { class: "quiet" }, "–") : told(replica, commit))));
}

function told(replica, commit) {
  const behind = Math.max(0, commit - replica.applied);
  return [replica.role, el("span", { class: "quiet" }, `lag ${count(behind)}`), doubt(replica)];
}

/** What keeps a replica's state from being trusted; nothing in the usual case. */
function doubt(replica) {
  const words = { Unproven: "not confirmed yet", Arbitrating: "differs, others are asked", NoMajority: "differs, undecided", Diverged: "found to be wrong" };
  return replica.verification in words ? el("span", { class: "bad-text" }, ` ${words[replica.verification]}`) : null;
}
