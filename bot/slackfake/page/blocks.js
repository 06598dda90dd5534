// Blocks to elements. ctx holds names, and press(element, value), which tells the app.
import { emoji } from "./emoji.js";
import { h, link, markdown, mrkdwn, plain, text } from "./mrkdwn.js";

function picture(b) {
  const id = b.slack_file?.id ?? (b.slack_file?.url ?? "").match(/-(F[0-9A-Z]+)\//)?.[1];
  if (id) return h("img", { class: "picture", src: "/page/file/" + encodeURIComponent(id), alt: b.alt_text });
  return h("span", { class: "file" }, "🖼 ", link(b.image_url, b.alt_text));
}

const option = (o) => h("option", { value: o.value }, plain(o.text));

function confirmed(e) {
  if (!e.confirm) return true;
  return window.confirm(`${e.confirm.title?.text ?? ""}\n\n${e.confirm.text?.text ?? ""}`);
}

/** What can be pressed outside of inputs. */
export function element(e, ctx) {
  switch (e.type) {
    case "button":
    case "icon_button": {
      const press = () => { if (confirmed(e)) ctx.press(e, e.value ?? ""); };
      const attrs = { class: `btn ${e.style ?? ""}`, "aria-label": e.accessibility_label, onclick: press };
      if (e.url) return link(e.url, e.text?.text ?? "", attrs);
      return h("button", { ...attrs, type: "button" }, plain(e.text));
    }
    case "feedback_buttons":
      return h("span", { class: "actions" }, [["👍", e.positive_button], ["👎", e.negative_button]].map(([icon, b]) =>
        h("button", { class: "btn", type: "button", title: b.text?.text, "aria-label": b.accessibility_label ?? b.text?.text, onclick: () => ctx.press(e, b.value) },
          /[👍👎]|:[+-]1:|:thumbs/u.test(b.text?.text ?? "") ? plain(b.text) : [icon + " ", ...plain(b.text)])));
    case "image":
      return picture(e);
    case "static_select":
    case "radio_buttons":
    case "overflow": {
      const options = (e.options ?? (e.option_groups ?? []).flatMap((g) => g.options)).map(option);
      const hint = e.placeholder?.text ?? (e.type === "overflow" ? "…" : "Choose");
      return h("select", {
        class: "btn", "aria-label": hint, onchange: (ev) => { if (ev.target.value && confirmed(e)) ctx.press(e, ev.target.value); ev.target.value = ""; },
      }, h("option", { value: "" }, hint), options);
    }
    default:
      return h("span", { class: "dim" }, `(${e.type})`);
  }
}

function richRun(p, names) {
  let node;
  switch (p.type) {
    case "text": node = p.text; break;
    case "link": node = link(p.url, p.text); break;
    case "emoji": node = emoji(p.name); break;
    case "user": node = h("span", { class: "mention" }, "@" + (names.users.get(p.user_id) ?? p.user_id)); break;
    case "channel": node = h("span", { class: "mention" }, "#" + (names.channels.get(p.channel_id) ?? p.channel_id)); break;
    case "broadcast": node = h("span", { class: "mention me" }, "@" + p.range); break;
    default: node = p.fallback ?? p.value ?? "";
  }
  for (const [style, tag] of [["code", "code"], ["bold", "b"], ["italic", "i"], ["strike", "s"]]) if (p.style?.[style]) node = h(tag, {}, node);
  return node;
}

function rich(b, names) {
  return (b.elements ?? []).map((s) => {
    const runs = (e) => (e.elements ?? []).map((p) => richRun(p, names));
    switch (s.type) {
      case "rich_text_preformatted": return h("pre", {}, runs(s));
      case "rich_text_quote": return h("blockquote", {}, runs(s));
      case "rich_text_list": return h(s.style === "ordered" ? "ol" : "ul", {}, s.elements.map((i) => h("li", {}, runs(i))));
      default: return h("div", {}, runs(s));
    }
  });
}

function block(b, ctx) {
  const { names } = ctx;
  switch (b.type) {
    case "header": return h("div", { class: "header", role: "heading", "aria-level": 3 }, plain(b.text));
    case "divider": return h("hr");
    case "markdown": return h("div", {}, markdown(b.text, names));
    case "rich_text": return h("div", {}, rich(b, names));
    case "image": return h("figure", { class: "actions" }, b.title && h("figcaption", { class: "dim" }, plain(b.title)), picture(b));
    case "section":
      return h("div", { class: "section" },
        h("div", { class: "body" }, b.text && text(b.text, names), b.fields && h("div", { class: "fields" }, b.fields.map((f) => h("div", {}, text(f, names))))),
        b.accessory && element(b.accessory, ctx));
    case "context":
      return h("div", { class: "context" }, b.elements.map((e) => e.type === "image" ? picture(e) : h("span", {}, text(e, names))));
    case "actions":
    case "context_actions":
      return h("div", { class: "actions" }, b.elements.map((e) => element(e, ctx)));
    case "table":
      return h("table", {}, b.rows.map((r) => h("tr", {}, r.map((c) =>
        h("td", {}, c.type === "rich_text" ? rich(c, names) : String(c.text ?? c.value ?? ""))))));
    case "input":
      return ctx.input ? ctx.input(b) : h("div", { class: "dim" }, plain(b.label));
    default:
      return h("div", { class: "dim" }, `(${b.type})`);
  }
}

/** All blocks of a message or a view. What is malformed (others may post it) is shown as that. */
export function blocks(all, ctx) {
  return h("div", { class: "blocks" }, (Array.isArray(all) ? all : []).map((b) => {
    try { return block(b, ctx); } catch { return h("div", { class: "dim" }, "(a malformed block)"); }
  }));
}

/** Old-style attachments, as alert bots post them. */
export function attachments(all, ctx) {
  return (Array.isArray(all) ? all : []).map((a) => {
    const box = h("div", { class: `attachment ${["danger", "good", "warning"].includes(a.color) ? a.color : ""}` },
      a.title && h("div", {}, h("b", {}, a.title_link ? link(a.title_link, a.title) : a.title)),
      a.text && h("div", {}, mrkdwn(a.text, ctx.names)),
      a.fields && h("div", { class: "fields" }, a.fields.map((f) => h("div", {}, h("b", {}, f.title ?? ""), h("br"), mrkdwn(f.value, ctx.names)))),
      a.blocks && blocks(a.blocks, ctx),
      a.actions && h("div", { class: "actions" }, a.actions.map((b) => b.url ? link(b.url, b.text, { class: "btn" }) : null)),
      a.footer && h("div", { class: "dim" }, a.footer));
    if (/^#[0-9a-f]{6}$/i.test(a.color ?? "")) box.style.borderColor = a.color;
    return h("div", {}, a.pretext && h("div", {}, mrkdwn(a.pretext, ctx.names)), box);
  });
}
