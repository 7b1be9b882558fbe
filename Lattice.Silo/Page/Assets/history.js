// The load of the nodes over the last quarter of an hour, put together from the samples of many answers.

// What one row of "samples" holds; see docs/page.md.
export const COLUMN = { at: 0, writes: 1, reads: 2, failures: 3, writeP50: 4, writeP99: 5, readP50: 6, readP99: 7 };

// A node's newest sample may come a little later than the others'.
const LATE_MS = 10000;

export class History {
  #nodes = new Map();
  #newest = 0;
  #sampleMs = 2000;
  #historyMs = 900000;

  /** From which moment on samples are still wanted. */
  askAfter() {
    return Math.max(0, this.#newest - LATE_MS);
  }

  add(report) {
    this.#sampleMs = report.sampleMs;
    this.#historyMs = report.historyMs;
    for (const load of report.loads) {
      const rows = this.#nodes.get(load.node) ?? new Map();
      this.#nodes.set(load.node, rows);
      for (const row of load.samples) {
        rows.set(row[COLUMN.at], row);
        this.#newest = Math.max(this.#newest, row[COLUMN.at]);
      }
    }

    for (const rows of this.#nodes.values()) {
      for (const at of rows.keys()) {
        if (at <= this.#newest - this.#historyMs) {
          rows.delete(at);
        }
      }
    }
  }

  /** A node's newest row, if it is no older than a few samples. */
  latestOf(node) {
    const rows = this.#nodes.get(node);
    for (let at = this.#newest; rows && at > this.#newest - (4 * this.#sampleMs); at -= this.#sampleMs) {
      if (rows.has(at)) {
        return rows.get(at);
      }
    }

    return null;
  }

  /** The moments of the quarter of an hour, oldest first. The newest is left out while nodes that answer have not told of it. */
  moments(answering) {
    const isWhole = at => answering.every(node => this.#nodes.get(node)?.has(at) ?? true);
    const end = isWhole(this.#newest) ? this.#newest : this.#newest - this.#sampleMs;
    const moments = [];
    for (let at = end - this.#historyMs + this.#sampleMs; at <= end; at += this.#sampleMs) {
      moments.push(at);
    }

    return moments;
  }

  /** What all nodes together had at a moment; null: none told. */
  sum(at, column) {
    const values = this.#values(at, column);
    return values.length === 0 ? null : values.reduce((a, b) => a + b, 0);
  }

  /** The largest of the nodes' values at a moment; null: there was none. */
  worst(at, column) {
    const values = this.#values(at, column).filter(value => value > 0);
    return values.length === 0 ? null : Math.max(...values);
  }

  #values(at, column) {
    const values = [];
    for (const rows of this.#nodes.values()) {
      // A single sample that is missing between two was late, not nothing.
      const row = rows.get(at) ?? rows.get(at - this.#sampleMs);
      if (row) {
        values.push(row[column]);
      }
    }

    return values;
  }
}
