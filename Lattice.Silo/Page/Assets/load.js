// Throughput and latency: of the cluster, whichever node was asked.

import { Chart } from "./chart.js";
import { axisMicroseconds, axisRate, microseconds, rate } from "./format.js";
import { COLUMN } from "./history.js";

const throughput = new Chart("Throughput", ["writes", "reads", "failed"], rate, axisRate);
const writes = new Chart("Write latency, slowest node", ["p50", "p99"], microseconds, axisMicroseconds);
const reads = new Chart("Read latency, slowest node", ["p50", "p99"], microseconds, axisMicroseconds);

let drawn = null;

export function showLoad(container, report, history) {
  if (!throughput.element.isConnected) {
    container.replaceChildren(throughput.element, writes.element, reads.element);
  }

  const answering = report.status.nodes.filter(node => node.reachable).map(node => node.node);
  const moments = history.moments(answering);
  const newest = `${moments.at(-1)} ${answering}`;
  if (newest === drawn) {
    return;
  }

  drawn = newest;
  const sum = column => moments.map(at => history.sum(at, column));
  const worst = column => moments.map(at => history.worst(at, column));
  throughput.draw(moments, [sum(COLUMN.writes), sum(COLUMN.reads), sum(COLUMN.failures)]);
  writes.draw(moments, [worst(COLUMN.writeP50), worst(COLUMN.writeP99)]);
  reads.draw(moments, [worst(COLUMN.readP50), worst(COLUMN.readP99)]);
}
