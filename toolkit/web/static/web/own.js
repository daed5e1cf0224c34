// The visitor's own time beside that of a webinar, where their clock shows another one.
const language = document.documentElement.lang;
const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "long" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
for (const time of document.querySelectorAll("time[data-own]")) {
  const at = new Date(time.dateTime), own = new Date(at - at.getTimezoneOffset() * 60000).toISOString();
  if (own.slice(0, 16) !== time.dateTime.slice(0, 16)) time.append(` · ${time.dataset.own}: ${day.format(at)}, ${clock.format(at)}`);
}
