/**
 * A tree of elements as plain values, and the one function that makes a document look like it. Texts become text nodes,
 * never markup.
 */

/** @import { Child, Tree } from "./types.d.ts" */

const SVG = "http://www.w3.org/2000/svg";
const ENTERED = new Set(["value", "checked"]); // of what a person changes, where the attribute is only the first value
/** @type {WeakMap<Node, Record<string, unknown>>} */
const applied = new WeakMap();

/**
 * Functions and objects among the attributes become properties (`onclick`, `token`), true and false boolean attributes.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...Child} children
 * @returns {Tree}
 */
export function h(tag, attributes = {}, ...children) {
  return { tag, attributes, children: flat(children) };
}

/** @param {readonly Child[]} children @returns {(Tree | string)[]} */
function flat(children) {
  return children.flatMap((child) => {
    if (isList(child)) return flat(child);
    if (child === null || child === undefined || child === false || child === "") return [];
    return [typeof child === "number" ? String(child) : child];
  });
}

/**
 * Change the children of `parent` into these. What is already there and has the same tag and id stays, with its focus.
 * @param {Node} parent
 * @param {...Child} children
 */
export function patch(parent, ...children) {
  const wanted = flat(children);
  wanted.forEach((child, at) => {
    const old = parent.childNodes[at];
    const node = fits(old, child) ? old : create(child);
    if (node !== old) old ? parent.replaceChild(node, old) : parent.appendChild(node);
    if (typeof child === "string") {
      if (node.nodeValue !== child) node.nodeValue = child;
    } else {
      patch(node, child.children);
      apply(/** @type {Element} */ (node), child.attributes); // after its children: a select's value is one of them
    }
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild?.remove();
}

/** @param {Node | undefined} old @param {Tree | string} child @returns {old is Node} */
function fits(old, child) {
  if (typeof child === "string") return old instanceof Text;
  return old instanceof Element && old.localName === child.tag && old.id === String(child.attributes["id"] ?? "");
}

/** @param {Tree | string} child */
function create(child) {
  if (typeof child === "string") return document.createTextNode(child);
  return ["svg", "path"].includes(child.tag) ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
}

/** @param {Element} node @param {Record<string, unknown>} attributes */
function apply(node, attributes) {
  const before = applied.get(node) ?? {};
  const properties = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (node));
  for (const name of new Set([...Object.keys(before), ...Object.keys(attributes)])) {
    const value = attributes[name];
    const text = value === true ? "" : String(value);
    if (isProperty(node, name, value) || isProperty(node, name, before[name])) {
      if (properties[name] !== value) properties[name] = value ?? null;
    } else if (value === undefined || value === null || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
  applied.set(node, attributes);
}

/** @param {Child} child @returns {child is readonly Child[]} */
const isList = (child) => Array.isArray(child);

/** @param {Element} node @param {string} name @param {unknown} value */
function isProperty(node, name, value) {
  if (ENTERED.has(name)) return node instanceof HTMLInputElement || node instanceof HTMLSelectElement;
  return typeof value === "function" || (typeof value === "object" && value !== null);
}
