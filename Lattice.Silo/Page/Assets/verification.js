// What the nodes check of each other and of themselves, and what they found.

import { el, show } from "./dom.js";
import { count, duration, groupName, microseconds } from "./format.js";
import { incidents } from "./incidents.js";

export function showVerification(container, report) {
  const told = report.loads.filter(load => report.status.nodes.some(node => node.node === load.node && node.reachable));
  container.className = "scroll panel";
  show(container,
    el("p", null, verdict(report)),
    el("table", null,
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "Node"), el("th", { scope: "col" }, "Checks"), el("th", { scope: "col", class: "number" }, "p50"), el("th", { scope: "col", class: "number" }, "p99"), el("th", { scope: "col", class: "number" }, "Scrubs"), el("th", { scope: "col", class: "number" }, "Found wrong"))),
      el("tbody", null, told.map(row))),
    incidents(report));
}

function verdict(report) {
  const { verification, majority } = report.status;
  const nodes = report.status.nodes.filter(node => node.reachable);
  const named = chosen => chosen.map(node => node.node).join(", ");
  const differing = nodes.filter(node => node.differingGroups.length > 0);
  const unproven = nodes.filter(node => node.unprovenGroups.length > 0);
  const off = nodes.filter(node => !node.verified);
  const bad = [
    majority.groupsUndecided.length > 0 && `Undecided in group ${majority.groupsUndecided.map(groupName).join(", ")}`,
    differing.length > 0 && `Node ${named(differing)} differs`,
    verification.openIncidents.length > 0 && `${count(verification.openIncidents.length)} open incident${verification.openIncidents.length === 1 ? "" : "s"}`,
  ].filter(Boolean);
  const doubtful = [
    unproven.length > 0 && `Node ${named(unproven)} not confirmed yet`,
    off.length > 0 && `Off on node ${named(off)}`,
    verification.groupsWithoutVerifier.length > 0 && `Nobody compares group ${verification.groupsWithoutVerifier.map(groupName).join(", ")}`,
  ].filter(Boolean);
  const told = [...bad, ...doubtful];
  return told.length === 0
    ? [state("", "✓", "No replica differs"), el("span", { class: "quiet" }, compared(verification))]
    : told.map(text => [state(bad.includes(text) ? "bad" : "warn", bad.includes(text) ? "✕" : "!", text), " "]);
}

const state = (kind, sign, text) => el("span", { class: `state ${kind}` }, el("span", { "aria-hidden": "true" }, `${sign} `), text);

/** When all were seen to agree: of the group for which that is longest ago. */
function compared(verification) {
  const ages = verification.groups.filter(group => group.verdict !== "NothingToCompare").map(group => group.agreedAgeSeconds ?? null);
  if (ages.length === 0) {
    return "";
  }

  return ages.includes(null) ? " not all were seen to agree yet" : ` all compared ${duration(Math.max(...ages))} ago`;
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
