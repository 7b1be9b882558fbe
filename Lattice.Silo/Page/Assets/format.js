// Numbers as people read them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 48,211 */
export const count = value => whole.format(value);

/** 1,234/s; small rates with a digit after the point. */
export const rate = value => `${value > 0 && value < 10 ? value.toFixed(1) : count(value)}/s`;

/** The same for the marks of an axis: round numbers, without digits that say nothing. */
export const axisRate = value => `${value < 10 ? Number(value.toFixed(2)) : whole.format(value)}/s`;

export function axisMicroseconds(us) {
  const [value, unit] = us < 1000 ? [us, "µs"] : us < 1e6 ? [us / 1000, "ms"] : [us / 1e6, "s"];
  return `${Number(value.toFixed(2))} ${unit}`;
}

/** 88 µs, 1.20 ms, 2.00 s */
export function microseconds(us) {
  if (us < 1000) {
    return `${us.toFixed(0)} µs`;
  }

  return us < 1e6 ? `${(us / 1000).toFixed(us < 1e5 ? 2 : 0)} ms` : `${(us / 1e6).toFixed(2)} s`;
}

/** 3.4 MiB */
export function bytes(value) {
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }

  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** The two largest units: 2 h 11 min. */
export function duration(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(total / 86400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60];
  if (days > 0) {
    return `${days} d ${hours} h`;
  }

  return hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min ${total % 60} s` : `${total} s`;
}

/** Time of day, of the viewer. */
export const clock = moment => new Date(moment).toLocaleTimeString();

/** Day and time, of the viewer. */
export const moment = at => new Date(at).toLocaleString();

/** The system group has a name, the others their numbers. */
export const groupName = group => group === 0 ? "system" : String(group);
