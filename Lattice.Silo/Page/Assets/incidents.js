// Times at which the replicas of a group did not agree.

import { el } from "./dom.js";
import { groupName, moment } from "./format.js";

const WORDS = { halt: "Halted", difference: "Differs from the majority", "no-majority": "Differ, no majority" };

export function incidents(report) {
  if (!report.incidents) {
    return [el("h3", null, "Incidents"), el("p", { class: "quiet" }, "Not known at present: the node that keeps them is being replaced.")];
  }

  const { incidents: latest, silentGroups, storageFailure } = report.incidents;
  return [
    el("h3", null, "Incidents"),
    latest.length === 0 ? el("p", { class: "quiet" }, "None is known.") : el("ul", { class: "list" }, latest.map(item)),
    silentGroups.length > 0 ? el("p", { class: "quiet" }, `The verifier of group ${silentGroups.map(groupName).join(", ")} does not answer at present.`) : null,
    storageFailure ? el("p", { class: "bad-text" }, `Only what the verifiers remember: ${storageFailure}`) : null,
  ];
}

function item(incident) {
  const isOpen = incident.state === "open";
  return el("li", null,
    el("div", { class: "head" },
      el("strong", null, `${WORDS[incident.kind] ?? incident.kind}: node ${incident.nodes.join(", ")}, group ${groupName(incident.group)}`),
      el("span", { class: `state ${isOpen ? "bad" : ""}` }, el("span", { "aria-hidden": "true" }, isOpen ? "✕ " : "✓ "), incident.state),
      el("span", { class: "quiet" }, moment(incident.at))),
    [incident.message, incident.rootCause, incident.outcome].filter(Boolean).map(text => el("p", null, text)));
}
