// What comes while the page is open: parts of it as the server makes them, and where the presenter is.
import { form, keep, say, show } from "./demo.js";

const live = document.getElementById("live");
const byId = (id) => document.getElementById(id);
const own = new Set([...document.querySelectorAll(".votes[aria-pressed=true]")].map((button) => button.value));
let newest = null, lost;

byId("reload").hidden = true;
if (byId("alone")) byId("alone").hidden = live.dataset.view !== "following";

function put(name, html) {
  const place = byId(name), focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.innerHTML = html;
  if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
  for (const button of place.querySelectorAll(".votes[aria-pressed]")) button.setAttribute("aria-pressed", own.has(button.value));
  for (const waiting of document.querySelectorAll("#own [data-question]")) if (byId(`up_${waiting.dataset.question}`)) waiting.remove();
  if (byId("own") && !document.querySelector("#own li")) byId("own").replaceChildren();
}

// A poll that opens is told where its place is out of sight, until it is there.
const watched = byId("poll_open") && new IntersectionObserver(([{ isIntersecting }]) => {
  byId("poll_open").hidden = isIntersecting || !document.querySelector("#poll fieldset");
});
function watch() {
  watched?.disconnect();
  watched?.observe(byId("section_poll"));
}
watch();

function view(name) {
  live.dataset.view = name;
  if (byId("alone")) byId("alone").hidden = name !== "following";
}

// The sliders go where the presenter's are, without asking for the answer that has come already.
function go(html) {
  put("result", html);
  keep();
  const at = byId("position").dataset;
  for (const name of ["budget", "aversion", "cap"]) {
    const slider = byId(name);
    if (slider) { slider.value = at[name]; slider.dispatchEvent(new Event("input")); show(slider); }
  }
  for (const choice of form.querySelectorAll("[name=scenario], [name=section]")) choice.checked = choice.value === at[choice.name];
  if (byId("pointer")) byId("pointer").value = at.pointer;
  for (const section of ["demo", "poll", "questions"]) {
    const place = byId(`section_${section}`), here = section === at.section;
    if (here && !place.classList.contains("here") && live.dataset.view === "following") place.scrollIntoView({ block: "nearest" });
    place.classList.toggle("here", here);
  }
  say(byId("says").textContent);
}

function came(html) {
  newest = html;
  if (live.dataset.view === "nobody") view("following");
  if (live.dataset.view === "following" || (live.dataset.view === "presenting" && !driving())) go(html);
}

// A presenter's own step comes back by its answer: what the stream brings of it meanwhile is older than the sliders.
let moved = 0;
const driving = () => Date.now() - moved < 3000 || form.hasAttribute("aria-busy");
form.addEventListener("input", () => { moved = Date.now(); if (live.dataset.view === "following") view("own"); });
form.addEventListener("submit", () => { if (live.dataset.view === "following") view("own"); });
byId("alone")?.addEventListener("click", () => view("own"));
byId("back")?.addEventListener("click", (event) => {
  if (newest === null) return;
  event.preventDefault();
  view("following");
  go(newest);
  byId("alone").focus();
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "result" && live.dataset.view === "following") event.detail.shouldSwap = false;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "questions") for (const button of document.querySelectorAll(".votes[aria-pressed=true]")) own.add(button.value);
  if (event.detail.target.id === "own" && event.detail.requestConfig.elt.id === "ask") byId("ask").reset();
  if (event.detail.target.id === "polls") byId("new_poll").reset();
  if (event.detail.target.id === "poll") watch();
  if (event.detail.target.id === "poll") live.dataset.voted = event.detail.target.querySelector("[data-voted]")?.dataset.voted;
});

// The stream is read by this script: whatever a proxy answers meanwhile, the page comes back, and only an answer of the portal ends it.
const first = 1000, longest = 30000, silence = 40000; // ms before another try, at most, and without a word of the server
let tries = 0, listening;

function heard(event) {
  const lines = event.split("\n");
  const of = (field) => lines.filter((line) => line.startsWith(`${field}: `)).map((line) => line.slice(field.length + 2)).join("\n");
  const name = of("event"), data = of("data");
  if (name === "result") came(data);
  else if (name === "poll") {
    if (!live.dataset.voted || !data.includes(`data-poll="${live.dataset.voted}"`)) put("poll", data);
    watch();
  } else if (name === "answers") {
    if (document.querySelector("#own li")) htmx.ajax("GET", byId("own").dataset.from, "#own");
  } else if (["questions", "polls", "people", "driver", "away", "over", "end", "handouts"].includes(name) && byId(name)) put(name, data);
  return name === "ended";
}

// Whether nothing will come any more.
async function listened(signal, alive) {
  const answer = await fetch(live.dataset.stream, { signal, cache: "no-store" });
  if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    return answer.headers.has("Portal-Answer") && answer.status < 429;
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "", part; !(part = await reader.read()).done;) {
    alive();
    lost = clearTimeout(lost);
    byId("lost").hidden = true;
    const events = (text + part.value).split("\n\n");
    text = events.pop();
    for (const event of events) if (heard(event)) return true;
    tries = 0;
  }
  return false;
}

async function connect() {
  const own = listening = new AbortController();
  let silent;
  const alive = () => { clearTimeout(silent); silent = setTimeout(() => own.abort(), silence); };
  alive();
  const over = await listened(own.signal, alive).catch(() => false);
  clearTimeout(silent);
  own.abort();
  if (own !== listening) return; // the page was left meanwhile
  if (over) {
    lost = clearTimeout(lost);
    byId("lost").hidden = true;
    byId("gone").hidden = false;
    return;
  }
  lost ??= setTimeout(() => { byId("lost").hidden = false; }, 2000);
  setTimeout(() => { if (own === listening) connect(); }, Math.min(longest, first * 2 ** tries++) * (0.5 + Math.random() / 2));
}
addEventListener("pagehide", () => { listening?.abort(); listening = undefined; });
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
connect();
