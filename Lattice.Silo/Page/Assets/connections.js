// How the nodes see each other: a row for who looks, a column for whom it sees.

import { el, show } from "./dom.js";
import { count, microseconds } from "./format.js";

export function showConnections(container, report) {
  const { nodes } = report.status;
  container.className = "scroll panel";
  container.tabIndex = 0;
  container.setAttribute("role", "region");
  container.setAttribute("aria-labelledby", "links-title");
  show(container, el("table", null,
    el("thead", null, el("tr", null, el("th", { scope: "col" }, "From"), nodes.map(node => el("th", { scope: "col" }, `to node ${node.node}`)))),
    el("tbody", null, nodes.filter(node => node.reachable).map(from => el("tr", null,
      el("th", { scope: "row" }, `Node ${from.node}`),
      nodes.map(to => el("td", null, from.node === to.node ? "" : told(from.links.find(link => link.node === to.node)))))))));
}

function told(link) {
  if (!link) {
    return "–";
  }

  const failed = link.failedSends > 0 ? el("span", { class: "quiet" }, `${count(link.failedSends)} failed`) : null;
  return [link.alive ? (link.roundTripUs > 0 ? microseconds(link.roundTripUs) : "alive") : el("span", { class: "bad-text" }, "silent"), failed];
}
