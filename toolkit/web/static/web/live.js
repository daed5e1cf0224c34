// What comes while the page is open: parts of it as the server makes them, and where the presenter is.
import { form, say, show } from "./demo.js";

const live = document.getElementById("live");
const byId = (id) => document.getElementById(id);
const own = new Set([...document.querySelectorAll(".votes[aria-pressed=true]")].map((button) => button.value));
let newest = null, lost;

for (const id of ["alone", "reload"]) if (byId(id)) byId(id).hidden = id === "reload";

function put(name, html) {
  const place = byId(name), focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.innerHTML = html;
  if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
  for (const button of place.querySelectorAll(".votes[aria-pressed]")) button.setAttribute("aria-pressed", own.has(button.value));
  for (const waiting of document.querySelectorAll("#own [data-question]")) if (byId(`up_${waiting.dataset.question}`)) waiting.remove();
  if (byId("own") && !document.querySelector("#own li")) byId("own").replaceChildren();
}

function view(name) {
  live.dataset.view = name;
  if (byId("alone")) byId("alone").hidden = name !== "following";
}

// The sliders go where the presenter's are, without asking for the answer that has come already.
function go(html) {
  put("result", html);
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
const driving = () => Date.now() - moved < 3000;
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
  if (event.detail.target.id === "own") byId("ask").reset();
  if (event.detail.target.id === "polls") byId("new_poll").reset();
  if (event.detail.target.id === "poll") live.dataset.voted = event.detail.target.querySelector("[data-voted]")?.dataset.voted;
});

function connect() {
  const source = new EventSource(live.dataset.stream);
  source.addEventListener("open", () => { clearTimeout(lost); lost = undefined; byId("lost").hidden = true; });
  source.addEventListener("result", (event) => came(event.data));
  for (const name of ["questions", "polls", "people", "driver"]) {
    if (byId(name)) source.addEventListener(name, (event) => put(name, event.data));
  }
  source.addEventListener("poll", (event) => {
    if (!live.dataset.voted || !event.data.includes(`data-poll="${live.dataset.voted}"`)) put("poll", event.data);
  });
  source.addEventListener("ended", () => { source.close(); byId("gone").hidden = false; });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) byId("gone").hidden = false;
    else lost ??= setTimeout(() => { byId("lost").hidden = false; }, 5000);
  });
  addEventListener("pagehide", () => source.close());
}
connect();
