// Play the replay: the slider goes on by itself, each step as long as it lasted, four seconds at most.
const slider = document.getElementById("at");
const play = document.getElementById("play");
const seconds = slider.dataset.seconds.split(" ").map(Number);
const words = play.textContent;
let timer;

document.getElementById("show").hidden = true;
for (const link of document.querySelectorAll(".stepwise")) link.hidden = true;
play.hidden = false;
slider.addEventListener("input", () => { document.getElementById("at_shown").value = `${slider.value} / ${slider.max}`; });

function stop() { clearTimeout(timer); timer = undefined; play.textContent = words; }
function on() {
  if (slider.value === slider.max) return stop();
  timer = setTimeout(() => {
    slider.value = Number(slider.value) + 1;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    on();
  }, 1000 * Math.max(0.5, seconds[slider.value - 1] || 0));
}
play.addEventListener("click", () => {
  if (timer) return stop();
  if (slider.value === slider.max) slider.value = 0;
  play.textContent = play.dataset.pause;
  on();
});
