// Modals and their inputs.
import { blocks } from "./blocks.js";
import { h, plain, text } from "./mrkdwn.js";

const initial = (e) => [e.initial_option, ...(e.initial_options ?? [])].filter(Boolean).map((o) => o.value);

function control(e, id, optional, names) {
  const chosen = initial(e);
  const options = e.options ?? (e.option_groups ?? []).flatMap((g) => g.options);
  const attrs = { id, name: e.action_id, required: !optional };
  switch (e.type) {
    case "radio_buttons":
    case "checkboxes": {
      const type = e.type === "checkboxes" ? "checkbox" : "radio";
      return h("span", {}, options.map((o) => h("div", {}, h("label", {},
        h("input", { type, name: e.action_id, value: o.value, checked: chosen.includes(o.value), required: type === "radio" && !optional }), " ", text(o.text, names)))));
    }
    case "static_select":
    case "multi_static_select":
      return h("select", { ...attrs, multiple: e.type.startsWith("multi") },
        e.type === "static_select" && h("option", { value: "" }, e.placeholder?.text ?? "Choose"),
        options.map((o) => h("option", { value: o.value, selected: chosen.includes(o.value) }, plain(o.text))));
    case "plain_text_input":
      if (e.multiline) {
        return h("textarea", { ...attrs, rows: 4, placeholder: e.placeholder?.text, minlength: e.min_length, maxlength: e.max_length ?? 3000 }, e.initial_value ?? "");
      }
      return h("input", { ...attrs, type: "text", placeholder: e.placeholder?.text, value: e.initial_value, minlength: e.min_length, maxlength: e.max_length ?? 3000 });
    case "number_input": return h("input", { ...attrs, type: "number", value: e.initial_value, step: e.is_decimal_allowed ? "any" : 1, min: e.min_value, max: e.max_value });
    case "email_text_input": return h("input", { ...attrs, type: "email", value: e.initial_value });
    case "url_text_input": return h("input", { ...attrs, type: "url", value: e.initial_value });
    case "datepicker": return h("input", { ...attrs, type: "date", value: e.initial_date });
    case "timepicker": return h("input", { ...attrs, type: "time", value: e.initial_time });
    case "users_select":
      return h("select", attrs, [...names.users].map(([value, name]) => h("option", { value, selected: value === e.initial_user }, name)));
    case "channels_select":
    case "conversations_select":
      return h("select", attrs, [...names.channels].map(([value, name]) => h("option", { value }, name)));
    default: return h("span", { class: "dim" }, `(${e.type})`);
  }
}

function values(form) {
  const out = {};
  for (const [name, value] of new FormData(form)) out[name] = name in out ? `${out[name]},${value}` : value;
  return out;
}

let drawn = "";

/** Draws the modal on top of a user's, or closes the dialog where there is none. What was typed stays while the view is the same. */
export function modal(dialog, view, names, act) {
  if (!view) {
    drawn = "";
    if (dialog.open) dialog.close();
    return;
  }
  const version = JSON.stringify([view.id, view.hash, view.errors]);
  if (version === drawn) return;
  const same = drawn !== "" && JSON.parse(drawn)[1] === view.hash;
  const before = same && dialog.querySelector("form") ? values(dialog.querySelector("form")) : {};
  drawn = version;
  const input = (b) => {
    const id = `in-${b.block_id}-${b.element.action_id}`;
    const wrong = view.errors?.[b.block_id];
    const many = ["radio_buttons", "checkboxes"].includes(b.element.type);
    return h(many ? "fieldset" : "div", { class: "input" },
      h(many ? "legend" : "label", many ? {} : { for: id }, h("b", {}, plain(b.label)), b.optional && h("span", { class: "dim" }, " (optional)")),
      control(b.element, id, b.optional, names),
      b.hint && h("span", { class: "dim" }, plain(b.hint)), wrong && h("span", { class: "wrong", role: "alert" }, wrong));
  };
  const ctx = { names, input, press: (e, value) => act({ do: "click-view", view: view.id, action: e.action_id, value }) };
  const close = () => act({ do: "close", view: view.id });
  const form = h("form", {
    onsubmit: (ev) => { ev.preventDefault(); act({ do: "submit", view: view.id, values: values(form) }); },
  },
  h("header", {}, h("h2", {}, plain(view.title)), h("button", { class: "back", type: "button", "aria-label": "Close", onclick: close }, "×")),
  view.errors?.[""] && h("p", { class: "wrong" }, view.errors[""]),
  blocks(view.blocks, ctx),
  h("footer", {}, h("button", { class: "btn", type: "button", onclick: close }, view.close ? plain(view.close) : "Close"),
    view.submit && h("button", { class: "btn primary" }, plain(view.submit))));
  for (const [name, value] of Object.entries(before)) {
    for (const e of form.elements) {
      if (e.name !== name) continue;
      if (e.type === "radio" || e.type === "checkbox") e.checked = value.split(",").includes(e.value);
      else e.value = value;
    }
  }
  dialog.replaceChildren(form);
  dialog.oncancel = (ev) => { ev.preventDefault(); close(); };
  if (!dialog.open) dialog.showModal();
}
