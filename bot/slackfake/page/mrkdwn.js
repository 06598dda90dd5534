// Text from messages to elements. Nothing here writes HTML: all text goes through text nodes.
import { emoji, known } from "./emoji.js";

/** An element with attributes and children; strings become text. */
export function h(tag, attrs = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs)) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

const unescape = (s) => s.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A link if the address is one that may be followed, its text otherwise. */
export function link(url, text, attrs = {}) {
  let u;
  try { u = new URL(url); } catch { return h("span", {}, text || url); }
  if (!["http:", "https:", "mailto:"].includes(u.protocol)) return h("span", {}, text || url);
  return h("a", { href: u.href, rel: "noopener noreferrer", target: "_blank", ...attrs }, text || url);
}

// reference is what stands in angle brackets.
function reference(inner, names) {
  const [head, label] = inner.split(/\|(.*)/s);
  if (head.startsWith("@")) {
    const id = head.slice(1);
    return h("span", { class: id === names.viewer ? "mention me" : "mention" }, "@" + (names.users.get(id) ?? label ?? id));
  }
  if (head.startsWith("#")) return h("span", { class: "mention" }, "#" + (names.channels.get(head.slice(1)) ?? label ?? head.slice(1)));
  if (head.startsWith("!date^")) {
    const [, seconds] = head.split("^");
    const d = new Date(Number(seconds) * 1000);
    return h("time", { title: d.toISOString?.() ?? "" }, Number.isNaN(d.getTime()) ? (label ?? "") : d.toLocaleString());
  }
  if (head.startsWith("!")) return h("span", { class: "mention me" }, label ? unescape(label) : "@" + head.slice(1).split("^")[0]);
  return link(unescape(head), label === undefined ? "" : unescape(label));
}

const styles = { "*": "b", "_": "i", "~": "s" };

// inline turns one run of text into nodes: code first, then references, then styles, then emoji.
function inline(s, names, out) {
  const token = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*_~])([*_~])(?=\S)(.+?)(?<=\S)\3(?![\w])|:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/u;
  for (let rest = s; rest !== "";) {
    const m = token.exec(rest);
    if (!m) { out.push(unescape(rest)); return; }
    if (m.index > 0) out.push(unescape(rest.slice(0, m.index)));
    if (m[1] !== undefined) {
      const parts = [];
      for (const [i, p] of m[1].split(/<([^<>\n]+)>/).entries()) parts.push(i % 2 ? reference(p, names) : unescape(p));
      out.push(h("code", {}, parts));
    } else if (m[2] !== undefined) out.push(reference(m[2], names));
    else if (m[3] !== undefined) {
      const inner = [];
      inline(m[4], names, inner);
      out.push(h(styles[m[3]], {}, inner));
    } else out.push(known(m[5]) ? h("span", { title: `:${m[5]}:`, role: "img", "aria-label": m[5] }, emoji(m[5])) : m[0]);
    rest = rest.slice(m.index + m[0].length);
  }
}

// lines turns text without code blocks into nodes: quotes are set in, the rest is broken where it was.
function lines(s, names, out) {
  let quote = null;
  for (const [i, line] of s.split("\n").entries()) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) out.push(quote = h("blockquote"));
      else quote.append(h("br"));
      const inner = [];
      inline(quoted[1], names, inner);
      quote.append(...inner);
      continue;
    }
    if (i > 0 && !quote) out.push(h("br"));
    quote = null;
    inline(line, names, out);
  }
}

/** Slack's mrkdwn as nodes. */
export function mrkdwn(s, names) {
  const out = [];
  for (const [i, part] of String(s ?? "").split("```").entries()) {
    if (i % 2) out.push(h("pre", {}, unescape(part.replace(/^\n|\n$/g, "").replace(/<(https?:[^|>]+)(?:\|([^>]+))?>/g, (_, u, t) => t ?? u))));
    else if (part !== "") lines(part, names, out);
  }
  return out;
}

/** Plain text as nodes: emoji only. */
export function plain(o) {
  const text = String(o?.text ?? "");
  if (o?.emoji === false) return [text];
  return text.split(/(:[a-z0-9_+'-]+:)/).map((p) => /^:.+:$/.test(p) && known(p.slice(1, -1)) ? emoji(p.slice(1, -1)) : p);
}

/** A text object of either kind. */
export const text = (o, names) => o?.type === "mrkdwn" ? mrkdwn(o.text, names) : plain(o);

/** Standard Markdown, as the markdown block has it: the parts of it that bots use. */
export function markdown(s, names) {
  const out = [];
  const run = (line) => {
    const inner = [];
    inline(line.replace(/\*\*(.+?)\*\*/g, "*$1*").replace(/~~(.+?)~~/g, "~$1~").replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, "<$2|$1>"), names, inner);
    return inner;
  };
  for (const [i, part] of String(s ?? "").split("```").entries()) {
    if (i % 2) { out.push(h("pre", {}, part.replace(/^\w*\n|\n$/g, ""))); continue; }
    let list = null;
    for (const line of part.split("\n")) {
      const item = /^\s*(?:([-*+])|\d+\.)\s+(.*)$/.exec(line);
      const head = /^#{1,6}\s+(.*)$/.exec(line);
      const quote = /^>\s?(.*)$/.exec(line);
      if (item) {
        if (!list) out.push(list = h(item[1] ? "ul" : "ol"));
        list.append(h("li", {}, run(item[2])));
        continue;
      }
      list = null;
      if (head) out.push(h("div", { class: "header" }, run(head[1])));
      else if (quote) out.push(h("blockquote", {}, run(quote[1])));
      else if (line !== "") out.push(h("div", {}, run(line)));
    }
  }
  return out;
}
