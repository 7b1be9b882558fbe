// A line chart: up to three series over time. What is pointed at, or reached with the arrow keys, is told in the legend.

import { el, show, svg } from "./dom.js";

const HEIGHT = 170;
const LEFT = 58;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 24;
const TICKS = 4;
const MINUTE = 60000;

/** A chart of what draw(data) is given later. */
export class Chart {
  #element;
  #title;
  #format;
  #axis;
  #names;
  #data = { moments: [], series: [] };
  #pointed = null;

  constructor(title, names, format, axis) {
    [this.#title, this.#names, this.#format, this.#axis] = [title, names, format, axis];
    this.#element = el("figure", { class: "chart panel" });
    this.#element.addEventListener("pointermove", event => this.#pointTo(this.#momentAt(event.clientX)));
    this.#element.addEventListener("pointerleave", () => this.#pointTo(null));
    this.#element.addEventListener("keydown", event => this.#onKey(event));
    this.#element.addEventListener("focusout", () => this.#pointTo(null));
    new ResizeObserver(() => this.#render()).observe(this.#element);
  }

  get element() {
    return this.#element;
  }

  /** Moments in order, and for each name the values at them; null: none. */
  draw(moments, series) {
    this.#data = { moments, series };
    this.#render();
  }

  #pointTo(place) {
    if (place !== this.#pointed) {
      this.#pointed = place;
      this.#render();
    }
  }

  #onKey(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 };
    const lastPlace = this.#data.moments.length - 1;
    if (event.key in steps) {
      event.preventDefault();
      this.#pointTo(Math.min(lastPlace, Math.max(0, (this.#pointed ?? lastPlace) + steps[event.key])));
    } else if (event.key === "Escape") {
      this.#pointTo(null);
    }
  }

  #momentAt(clientX) {
    const box = this.#element.querySelector("svg")?.getBoundingClientRect();
    const lastPlace = this.#data.moments.length - 1;
    if (!box || lastPlace < 0) {
      return null;
    }

    const share = (clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    return Math.min(lastPlace, Math.max(0, Math.round(share * lastPlace)));
  }

  #render() {
    const width = Math.max(200, this.#element.clientWidth - 30);
    const { moments, series } = this.#data;
    const top = niceTop(Math.max(0, ...series.flat().filter(value => value !== null)));
    const x = place => LEFT + ((width - LEFT - RIGHT) * place / Math.max(1, moments.length - 1));
    const y = value => TOP + ((HEIGHT - TOP - BOTTOM) * (1 - (value / top)));
    show(this.#element,
      el("figcaption", null, el("h3", null, this.#title)),
      this.#legend(),
      svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", tabindex: 0, "aria-label": this.#summary() },
        this.#valueGrid(width, top, y),
        this.#timeGrid(x, width < 320 ? [15, 0] : [15, 10, 5, 0]),
        series.map((values, i) => lines(values, x, y, `series-${i + 1}`)),
        this.#pointed === null ? null : svg("line", { class: "cursor", x1: x(this.#pointed), x2: x(this.#pointed), y1: TOP, y2: HEIGHT - BOTTOM })));
  }

  #legend() {
    const place = this.#pointed ?? this.#data.moments.length - 1;
    return el("ul", { class: "legend" },
      this.#names.map((name, i) => el("li", { class: `series-${i + 1}` },
        svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" }, svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, class: `series-${i + 1}` })),
        el("span", null, `${name} `),
        el("b", null, this.#told(i, place)))),
      this.#pointed === null ? null : el("li", null, el("span", null, new Date(this.#data.moments[place]).toLocaleTimeString())));
  }

  #told(i, place) {
    const value = this.#data.series[i]?.[place] ?? null;
    return value === null ? "–" : this.#format(value);
  }

  #summary() {
    const place = this.#data.moments.length - 1;
    const told = this.#names.map((name, i) => {
      const values = (this.#data.series[i] ?? []).filter(value => value !== null);
      return values.length === 0 ? `${name}: none` : `${name}: ${this.#told(i, place)} now, at most ${this.#format(Math.max(...values))}`;
    });
    return `${this.#title} over the last quarter of an hour. ${told.join("; ")}`;
  }

  #valueGrid(width, top, y) {
    return Array.from({ length: TICKS + 1 }, (_, i) => top * i / TICKS).map(value => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
      svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value === 0 ? "0" : this.#axis(value)),
    ]);
  }

  #timeGrid(x, marks) {
    const { moments } = this.#data;
    const end = moments.length - 1;
    if (end <= 0) {
      return [];
    }

    const perMinute = MINUTE / (moments[1] - moments[0]);
    return marks.map(minutes => {
      const place = Math.max(0, end - (minutes * perMinute));
      const anchor = minutes === 0 ? "end" : minutes === 15 ? "start" : "middle";
      return svg("text", { x: x(place), y: HEIGHT - 6, "text-anchor": anchor }, minutes === 0 ? "now" : `−${minutes} min`);
    });
  }
}

/** A line for each stretch without a gap; a lonely value is a short one. */
function lines(values, x, y, name) {
  const stretches = [];
  let open = null;
  values.forEach((value, place) => {
    if (value === null) {
      open = null;
      return;
    }

    if (open === null) {
      open = [];
      stretches.push(open);
    }

    open.push([x(place), y(value)]);
  });
  return stretches.map(points => {
    const drawn = points.length === 1 ? [points[0], [points[0][0] + 2, points[0][1]]] : points;
    return svg("polyline", { class: name, points: drawn.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ") });
  });
}

/** The end of the axis: four equal steps of a round number. */
function niceTop(largest) {
  if (largest <= 0) {
    return TICKS;
  }

  const magnitude = 10 ** Math.floor(Math.log10(largest / TICKS));
  const step = [1, 2, 2.5, 5, 10].find(s => s * magnitude * TICKS >= largest) * magnitude;
  return step * TICKS;
}
