// Elements without markup in strings: what data hold is always text.

/** An element with attributes, listeners (`onclick`) and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  assign(made, attributes);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** An SVG element, as `element`. */
export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  assign(made, attributes);
  made.append(...children);
  return made;
}

/** A button of the words. */
export function button(words, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, words);
}

/** A labelled choice among values, which are told by words: `[value, words]`. */
export function choice(label, options, chosen, change) {
  const made = options.map(([value, words]) => element("option", { value, selected: value === chosen }, words));
  return element("label", { class: "wb-choice" }, label,
    element("select", { "aria-label": label, onchange: (event) => change(event.target.value) }, ...made));
}

function assign(made, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
}
