// Asks this node twice a second how the cluster stands, as long as somebody looks, and has each part of the page show it.

import { showConnections } from "./connections.js";
import { showGroups } from "./groups.js";
import { History } from "./history.js";
import { showLoad } from "./load.js";
import { showNodes } from "./nodes.js";
import { showNotice } from "./notice.js";
import { showOperations } from "./operations.js";
import { showVerdict } from "./verdict.js";
import { showVerification } from "./verification.js";

const PAUSE_MS = 500;
const PATIENCE_MS = 3000;

const history = new History();
let last = null;
let silentSince = null;
let isLooking = false;
let next = 0;

async function ask() {
  const answer = await fetch(`api/cluster?after=${history.askAfter()}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) {
    throw new Error(await answer.text());
  }

  return answer.json();
}

async function look() {
  if (isLooking || document.hidden) {
    return;
  }

  isLooking = true;
  clearTimeout(next);
  try {
    last = await ask();
    history.add(last);
    silentSince = null;
  } catch (failure) {
    // The node is gone, hangs or is being started: the page says so, and asks again.
    silentSince ??= Date.now();
    console.info(`The node did not answer: ${failure.message}`);
  }

  isLooking = false;
  next = setTimeout(look, PAUSE_MS);
  render();
}

function render() {
  showNotice(document.getElementById("notice"), last, silentSince);
  if (last === null) {
    return;
  }

  showVerdict(last, silentSince !== null);
  showNodes(document.getElementById("nodes"), last, history);
  showLoad(document.getElementById("load"), last, history);
  showGroups(document.getElementById("groups"), last);
  showVerification(document.getElementById("verification"), last);
  showOperations(document.getElementById("operations"), last);
  showConnections(document.getElementById("links"), last);
}

// Nobody looks at a page that is hidden.
document.addEventListener("visibilitychange", look);

look();
