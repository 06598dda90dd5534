// The page of the stand-in: what a user of the workspace sees, drawn anew from the server's state at each change.
import { attachments, blocks } from "./blocks.js";
import { emoji, offered } from "./emoji.js";
import { h, mrkdwn } from "./mrkdwn.js";
import { modal } from "./views.js";

const $ = (id) => document.getElementById(id);
let state = null;
let viewer = sessionStorage.getItem("viewer") ?? "";
let here = { channel: "", thread: "" };

const channel = () => state.channels.find((c) => c.id === here.channel);
const label = (c) => c.im ? state.bot.name : c.name;

function names() {
  return {
    viewer: state.viewer, users: new Map(state.users.map((u) => [u.id, u.name])),
    channels: new Map(state.channels.filter((c) => !c.im).map((c) => [c.id, c.name])),
  };
}

function toast(s) {
  $("toast").textContent = s;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").hidden = true; }, 5000);
}

/** Sends what the user does; it is false where it can't be done. */
async function act(deed) {
  try {
    const r = await fetch("/page/do", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user: state.viewer, ...deed }) });
    if (r.ok) return true;
    const body = await r.text();
    try { toast(JSON.parse(body).error); } catch { toast(body); }
  } catch { toast("The stand-in doesn't answer."); }
  return false;
}

// Where the page is stands in the address, so that a permalink leads here: #CHANNEL/TS.
function locate() {
  const [c, ts] = location.hash.slice(1).split("/");
  here = { channel: c ?? "", thread: "", target: ts ?? "" };
  if (state) {
    const m = channel()?.messages.find((m) => m.ts === ts);
    here.thread = m ? (m.thread_ts ?? m.ts) : "";
    draw();
  }
}

const go = (c, ts) => { location.hash = ts ? `${c}/${ts}` : c; };

function reactions(m) {
  if (!m.reactions) return null;
  return h("div", { class: "reactions" }, m.reactions.map((r) => h("button", {
    class: r.users.includes(state.viewer) ? "on" : "", title: r.name, "aria-label": `${r.name}, ${r.count}`,
    onclick: () => act({ do: "react", channel: here.channel, ts: m.ts, value: r.name }),
  }, `${emoji(r.name)} ${r.count}`)));
}

function tools(m, inThread) {
  if (m.ephemeral) return null;
  const react = (value) => act({ do: "react", channel: here.channel, ts: m.ts, value });
  return h("div", { class: "tools" },
    offered.slice(0, 2).map((e) => h("button", { title: `React with ${e}`, onclick: () => react(e) }, emoji(e))),
    h("details", {}, h("summary", { title: "React" }, "☺"), h("div", { class: "emojis" }, offered.map((e) => h("button", { title: e, onclick: () => react(e) }, emoji(e))))),
    !inThread && h("button", { title: "Reply in thread", onclick: () => go(here.channel, m.ts) }, "💬"),
    (state.shortcuts ?? []).map((s) => h("button", { title: s.name, onclick: () => act({ do: "shortcut", channel: here.channel, ts: m.ts, callback: s.callback }) }, "⚡", h("span", { class: "word" }, " " + s.name))));
}

function files(m) {
  return (m.files ?? []).map((f) => {
    const url = "/page/file/" + encodeURIComponent(f.id);
    if (/^image\/(png|jpeg|gif|webp)$/.test(f.mimetype)) {
      return h("div", {}, h("div", { class: "dim" }, f.title), h("a", { href: url, target: "_blank" }, h("img", { class: "picture", src: url, alt: f.alt_txt || f.title })));
    }
    return h("div", {}, h("a", { class: "file", href: url, download: f.name }, `📄 ${f.title} (${f.size} bytes)`));
  });
}

function replies(m) {
  const all = channel().messages.filter((r) => r.thread_ts === m.ts && r.ts !== m.ts && !r.ephemeral);
  if (all.length === 0) return null;
  return h("button", { class: "replies", onclick: () => go(here.channel, m.ts) }, `${all.length} ${all.length === 1 ? "reply" : "replies"}`);
}

function hue(s) {
  let n = 0;
  for (const c of s) n = (n * 31 + c.codePointAt(0)) % 6;
  return "a" + n;
}

function message(m, inThread) {
  const ctx = { names: names(), press: (e, value) => act({ do: "click", channel: here.channel, ts: m.ts, action: e.action_id, value }) };
  const when = new Date(Number(m.ts) * 1000);
  const body = m.blocks ? blocks(m.blocks, ctx) : h("div", {}, mrkdwn(m.text, ctx.names));
  return h("article", { class: `message${m.ephemeral ? " ephemeral" : ""}${m.ts === here.target && m.ts !== here.thread ? " target" : ""}`, "data-ts": m.ts },
    h("div", { class: "avatar " + hue(m.author), "aria-hidden": true }, m.author.slice(0, 1).toUpperCase()),
    h("div", { class: "head" }, h("b", {}, m.author), m.app && h("span", { class: "badge" }, "APP"),
      h("time", { class: "time", title: when.toLocaleString() }, when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
      m.edited && h("span", { class: "dim" }, "(edited)"), m.ephemeral && h("span", { class: "dim" }, "Only visible to you")),
    h("div", {}, body, attachments(m.attachments, ctx), files(m), reactions(m),
      m.status && h("div", { class: "status" }, `${state.bot.name} ${m.status}`), !inThread && replies(m)),
    tools(m, inThread));
}

// days draws messages in their order, with the day above the first of each.
function days(all, inThread) {
  let before = "";
  return all.flatMap((m) => {
    const day = new Date(Number(m.ts) * 1000).toLocaleDateString([], { weekday: "long", year: "numeric", month: "long", day: "numeric" });
    const rows = day === before ? [] : [h("div", { class: "day" }, h("span", {}, day))];
    before = day;
    return [...rows, message(m, inThread)];
  });
}

// fill draws a list of messages, and stays at its end where it was there.
function fill(box, all) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60 || box.dataset.of !== location.hash;
  const open = box.querySelector("details[open]")?.closest("article")?.dataset.ts;
  box.replaceChildren(...all);
  if (open) box.querySelector(`article[data-ts="${CSS.escape(open)}"] details`)?.setAttribute("open", "");
  if (atEnd) box.scrollTop = box.scrollHeight;
  box.dataset.of = location.hash;
}

function drawSide() {
  const entry = (id, text) => h("button", { "aria-current": here.channel === id ? "page" : null, onclick: () => go(id) }, text);
  const ims = state.channels.filter((c) => c.im);
  $("channels").replaceChildren(
    h("h3", {}, "Channels"), ...state.channels.filter((c) => !c.im).map((c) => entry(c.id, `${c.archived ? "🗄" : c.private ? "🔒" : "#"} ${c.name}${c.shared ? " ⧉" : ""}`)),
    h("h3", {}, "App"), entry("home", "⌂ Home"), ...ims.map((c) => entry(c.id, `● ${label(c)}`)));
  const people = state.users.filter((u) => !u.bot);
  $("viewer").replaceChildren(...people.map((u) => h("option", { value: u.id, selected: u.id === state.viewer }, u.name + (u.guest ? " (guest)" : ""))));
  $("team").textContent = state.team;
  $("connected").className = state.connected ? "dot up" : "dot";
  $("connected").title = state.connected ? `${state.bot.name} is connected` : `${state.bot.name} is not connected`;
}

function drawHome() {
  const ctx = { names: names(), press: (e, value) => act({ do: "click-view", view: state.home.id, action: e.action_id, value }) };
  $("title").textContent = `${state.bot.name}: Home`;
  $("composer").hidden = true;
  $("messages").replaceChildren(h("div", { class: state.home ? "home" : "hint" }, state.home ? blocks(state.home.blocks, ctx) : `${state.bot.name} has not published a Home tab.`));
}

function drawChannel(c) {
  $("title").textContent = c.im ? label(c) : "# " + c.name;
  $("composer").hidden = c.archived;
  $("text").placeholder = c.im ? `Message ${label(c)}` : `Message #${c.name}, @${state.bot.name}${(state.commands ?? []).map((x) => ` or ${x}`).join("")}`;
  const top = c.messages.filter((m) => !m.thread_ts || m.thread_ts === m.ts);
  const rows = days(top, false);
  if (rows.length === 0) rows.push(h("p", { class: "hint" }, `Nothing was said here yet. Write “@${state.bot.name} help”.`));
  if (!c.member) rows.push(h("p", { class: "hint" }, `${state.bot.name} is not in this channel. `, h("button", { class: "btn", onclick: () => act({ do: "invite", channel: c.id }) }, "Invite it")));
  fill($("messages"), rows);
}

function drawThread(c) {
  const all = c && here.thread ? c.messages.filter((m) => m.ts === here.thread || m.thread_ts === here.thread) : [];
  const open = all.length > 0;
  $("thread").hidden = !open;
  document.body.classList.toggle("threaded", open);
  if (!open) return;
  $("reply").hidden = c.archived;
  $("reply-text").placeholder = "Reply…";
  $("permalink").href = `#${c.id}/${here.thread}`;
  fill($("replies"), days(all, true));
}

// drawGuide shows once what can be tried; on a phone it is folded, as it would leave no room.
function drawGuide() {
  if (!state.guide || !$("guide").hidden) return;
  $("guide").hidden = false;
  $("guide").open = matchMedia("(min-width: 901px)").matches;
  $("guide-text").replaceChildren(...[mrkdwn(state.guide, names())].flat());
}

function draw() {
  if (here.channel === "" || (here.channel !== "home" && !channel())) here = { channel: state.channels[0]?.id ?? "home", thread: "" };
  const home = here.channel === "home";
  const c = channel();
  drawSide();
  drawGuide();
  $("notice").textContent = state.busy.waits > 0 ? `waiting for ${state.bot.name}…` : state.busy.failed > 0 ? `${state.bot.name} didn't answer` : "";
  if (home) drawHome(); else if (c) drawChannel(c);
  drawThread(home ? null : c);
  document.body.dataset.pane = location.hash === "" ? "side" : $("thread").hidden ? "main" : "thread";
  modal($("modal"), state.modals.at(-1), names(), act);
}

async function refresh() {
  if (refresh.busy) { refresh.again = true; return; }
  refresh.busy = true;
  try {
    const r = await fetch("/page/state?user=" + encodeURIComponent(viewer));
    state = await r.json();
    if (viewer === "") viewer = state.viewer;
    if (here.target && !here.thread) locate(); else draw();
  } finally {
    refresh.busy = false;
    if (refresh.again) { refresh.again = false; refresh(); }
  }
}

function composer(form, area, thread) {
  const send = async () => {
    const text = area.value;
    area.value = "";
    area.style.height = "auto";
    if (!await act({ do: "post", channel: here.channel, thread: thread(), text })) area.value = text;
  };
  form.addEventListener("submit", (e) => { e.preventDefault(); send(); });
  area.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); send(); } });
  area.addEventListener("input", () => { area.style.height = "auto"; area.style.height = area.scrollHeight + "px"; });
}

composer($("composer"), $("text"), () => "");
composer($("reply"), $("reply-text"), () => here.thread);
$("viewer").addEventListener("change", (e) => { viewer = e.target.value; sessionStorage.setItem("viewer", viewer); refresh(); });
$("to-side").addEventListener("click", () => { location.hash = ""; });
$("to-main").addEventListener("click", () => go(here.channel));
$("permalink").title = "Link to this thread";
window.addEventListener("hashchange", () => { locate(); if (here.channel === "home") act({ do: "home" }); });
locate();
const events = new EventSource("/page/events");
events.onmessage = refresh;
events.onerror = () => { $("connected").className = "dot"; };
