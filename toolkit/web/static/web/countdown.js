// Count down to the start, then load the page again. Every 45 s, and at the end until it answers, the server is asked: it decides
// whether the room is open, and whether the webinar was moved or cancelled. The page is read on meanwhile, and outlives a restart.
const shown = document.getElementById("countdown");
const endAfter = (count) => performance.now() + count.dataset.left * 1000; // by the server's clock: the visitor's may be wrong
const start = (page) => page.querySelector("time[data-own]")?.dateTime;
const two = (n) => String(n).padStart(2, "0");
let end = endAfter(shown);

async function look() {
  const answer = await fetch(location.href).then(async (a) => a.status < 500 && (await a.text())).catch(() => false);
  if (answer === false) return; // nobody there at present
  const page = new DOMParser().parseFromString(answer, "text/html"), count = page.getElementById("countdown");
  if (!count || start(page) !== start(document)) return location.reload();
  end = endAfter(count); // the clock of a page stands still while a device sleeps
  document.getElementById("handouts").replaceWith(page.getElementById("handouts"));
}

function tick() {
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  const [days, hours, minutes] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60];
  shown.textContent = (days ? `${days} d ` : "") + `${two(hours)}:${two(minutes)}:${two(left % 60)}`;
  if (left === 0) setTimeout(() => look().finally(tick), 1000 + Math.random() * 2000);
  else setTimeout(tick, (end - performance.now()) % 1000 || 1000);
}
tick();
setInterval(look, 45_000);

// A tone that the page makes itself: who hears it will hear the webinar.
const sound = document.getElementById("sound"), heard = document.getElementById("heard");
sound.hidden = false;
sound.addEventListener("click", () => {
  const context = new AudioContext(), tone = context.createOscillator(), volume = context.createGain();
  tone.frequency.value = 440;
  volume.gain.value = 0.2;
  tone.connect(volume).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.8);
  tone.addEventListener("ended", () => { heard.hidden = false; context.close(); });
});
