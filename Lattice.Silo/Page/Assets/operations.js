// What operators have the cluster do, and the latest that ended.

import { el, show } from "./dom.js";
import { bytes, clock, duration } from "./format.js";

const KINDS = { running: ["", "…"], done: ["", "✓"], failed: ["bad", "✕"], waiting: ["plain", "·"] };

export function showOperations(container, report) {
  container.className = "panel";
  const { operations } = report;
  if (!operations) {
    show(container, el("p", { class: "quiet" }, "Not known at present: the node that keeps them is being replaced."));
    return;
  }

  show(container,
    operations.latest.length === 0 ? el("p", { class: "quiet" }, "None, now or lately.") : el("ul", { class: "list" }, operations.latest.map(item)),
    operations.journalFailure ? el("p", { class: "bad-text" }, `Only what one node remembers: ${operations.journalFailure}`) : null);
}

function item(operation) {
  const [kind, sign] = KINDS[operation.state] ?? KINDS.waiting;
  return el("li", null,
    el("div", { class: "head" },
      el("strong", null, operation.operation),
      el("span", { class: `state ${kind}` }, el("span", { "aria-hidden": "true" }, `${sign} `), operation.state),
      el("span", { class: "quiet" }, `${operation.who}, ${clock(operation.beganAt)}, ${duration(operation.seconds)}`)),
    operation.failure ? el("p", { class: "bad-text" }, operation.failure) : null,
    operation.state === "running" ? el("ol", null, operation.steps.map(step)) : null);
}

function step(told) {
  const amount = told.total > 0
    ? [" ", el("progress", { value: told.done, max: told.total, "aria-label": told.name })]
    : told.done > 0 ? ` ${bytes(told.done)}` : "";
  return el("li", null, `${told.name}: ${told.state}`, told.detail ? ` (${told.detail})` : "", amount);
}
