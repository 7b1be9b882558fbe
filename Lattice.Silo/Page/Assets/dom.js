// Making and renewing elements. Text only ever becomes text nodes, so nothing that a node says can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes that are null, undefined or false are left out, children that are null too. */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Makes what a container holds like the given children, and leaves alone what is so already: focus, selection and scrolling stay. */
export function show(container, ...children) {
  const wanted = document.createDocumentFragment();
  append(wanted, children);
  matchChildren(container, wanted);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }

  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      parent.append(child instanceof Node ? child : String(child));
    }
  }
}

function matchChildren(present, wanted) {
  const before = [...present.childNodes];
  const after = [...wanted.childNodes];
  after.forEach((child, i) => {
    if (i >= before.length) {
      present.append(child);
    } else {
      match(before[i], child);
    }
  });
  before.slice(after.length).forEach(surplus => surplus.remove());
}

function match(present, wanted) {
  if (present.nodeType !== wanted.nodeType || present.nodeName !== wanted.nodeName) {
    present.replaceWith(wanted);
  } else if (present.nodeType === Node.TEXT_NODE) {
    if (present.data !== wanted.data) {
      present.data = wanted.data;
    }
  } else {
    matchAttributes(present, wanted);
    matchChildren(present, wanted);
  }
}

function matchAttributes(present, wanted) {
  for (const { name } of [...present.attributes]) {
    if (!wanted.hasAttribute(name)) {
      present.removeAttribute(name);
    }
  }

  for (const { name, value } of [...wanted.attributes]) {
    if (present.getAttribute(name) !== value) {
      present.setAttribute(name, value);
    }
  }
}
