// Count down to the start, then load the page again: the server decides whether the room is open.
const shown = document.getElementById("countdown");
const end = performance.now() + shown.dataset.left * 1000; // by the server's clock: the visitor's may be wrong
const two = (n) => String(n).padStart(2, "0");

function tick() {
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  const [days, hours, minutes] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60];
  shown.textContent = (days ? `${days} d ` : "") + `${two(hours)}:${two(minutes)}:${two(left % 60)}`;
  if (left === 0) setTimeout(() => location.reload(), 1000 + Math.random() * 2000);
  else setTimeout(tick, (end - performance.now()) % 1000 || 1000);
}
tick();
