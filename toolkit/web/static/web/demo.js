// What the page of the demo does beyond its form: numbers beside sliders, the state of a request, and what is read aloud.
export const form = document.getElementById("demo");
const state = document.getElementById("state");
const language = document.documentElement.lang;
const every = 1000; // ms between two things that are read aloud

function words(slider) {
  const unit = slider.dataset.unit;
  if (unit === "%") return new Intl.NumberFormat(language, { style: "percent" }).format(slider.value / 100);
  if (!unit) return new Intl.NumberFormat(language, { minimumFractionDigits: 1 }).format(slider.value);
  return new Intl.NumberFormat(language, { style: "currency", currency: unit, maximumFractionDigits: 0 }).format(slider.value);
}

export function show(slider) {
  const text = words(slider);
  document.getElementById(`${slider.id}_shown`).value = text;
  slider.setAttribute("aria-valuetext", text);
}

for (const number of form.querySelectorAll("input[type=number]")) {
  const slider = document.getElementById(number.dataset.for);
  number.hidden = false;
  slider.addEventListener("input", () => { number.value = slider.value; show(slider); });
  number.addEventListener("input", (event) => {
    if (!number.validity.valid || number.value === "") event.stopPropagation();
    else { slider.value = number.value; show(slider); }
  });
  number.addEventListener("change", () => { // what the slider has not is told with its range, and nothing is solved
    if (number.value === "" && !number.validity.badInput) number.value = slider.value;
    number.reportValidity();
  });
}
document.getElementById("solve").hidden = true;

let spoken = 0, waiting;
export function say(text) {
  clearTimeout(waiting);
  waiting = setTimeout(() => { spoken = Date.now(); state.textContent = text; }, Math.max(0, spoken + every - Date.now()));
}
// While a slider is pulled amounts are divisible, which takes a few ms; where it rests they are too, until whole lots are found.
const rest = 150, pull = rest + 10; // ms without a step, and ms between two answers while there are steps
const busy = 2000; // ms at least before what was busy is asked again
let pulling, resting, again;
if ("moves" in form.dataset) form.addEventListener("input", (event) => {
  clearTimeout(resting);
  again = clearTimeout(again);
  resting = setTimeout(() => { pulling = clearTimeout(pulling); for (const name of ["moved", "rested"]) htmx.trigger(form, name); }, rest);
  if (event.target.type === "range") pulling ??= setTimeout(() => { pulling = undefined; htmx.trigger(form, "moved"); }, pull);
});
form.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.triggeringEvent?.type === "moved") detail.formData.set("moving", "on");
});
// It is busy until there is an answer, also while it waits to ask again.
form.addEventListener("htmx:beforeRequest", () => { again = clearTimeout(again); form.setAttribute("aria-busy", "true"); });
form.addEventListener("htmx:afterRequest", () => { if (!again) form.removeAttribute("aria-busy"); });
// Where there is no answer the last one stays below the reason, with where it holds.
let answer;
export function keep() {
  const result = document.getElementById("result"), last = document.getElementById("last");
  if (!last) answer = result.cloneNode(true);
  else if (answer) {
    const copy = answer.cloneNode(true);
    copy.querySelector("#settings").hidden = false;
    for (const named of copy.querySelectorAll("[id], [aria-labelledby]")) for (const name of ["id", "aria-labelledby"]) named.removeAttribute(name);
    last.replaceChildren(...copy.querySelectorAll(":scope > :not([hidden])"));
    last.hidden = false;
  }
}
keep();
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "result") keep();
  if (event.detail.target.id === "result" && !document.getElementById("divisible")) say(document.getElementById("says").textContent);
});
for (const failure of ["htmx:responseError", "htmx:timeout", "htmx:sendError"]) {
  document.body.addEventListener(failure, ({ detail }) => {
    const { status } = detail.xhr;
    const told = [400, 409, 429].includes(status) && why(detail.xhr);
    if (detail.elt !== form) tell(detail.elt, told || form.dataset.refused);
    else {
      if (!status || status >= 429) {
        again = setTimeout(() => htmx.trigger(form, "rested"), busy * (1 + Math.random()));
        form.setAttribute("aria-busy", "true");
      }
      say((status !== 429 && told) || form.dataset[status >= 400 && status < 429 ? "refused" : "busy"]);
    }
  });
}
// What the page of a fault says.
function why(xhr) {
  return new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("main .answer")?.textContent;
}
// What was not taken of another form stands below that form, until it is sent again.
function tell(place, text) {
  const told = document.createElement("p");
  Object.assign(told, { className: "error", role: "alert", textContent: text });
  place.append(told);
}
document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  for (const told of detail.elt.querySelectorAll("[role=alert]")) told.remove();
});
// The report is a download: its buttons send the form as it is.
for (const button of form.querySelectorAll("button[formaction]")) button.addEventListener("click", (event) => {
  event.preventDefault();
  const before = form.getAttribute("action");
  if (button.name) form.addEventListener("formdata", ({ formData }) => formData.set(button.name, button.value), { once: true });
  form.setAttribute("action", button.getAttribute("formaction"));
  HTMLFormElement.prototype.submit.call(form);
  form.setAttribute("action", before);
});
