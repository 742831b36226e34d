// Shows the commands that contain every word of the search field, in any case.
const field = document.getElementById("search");
function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("section")) {
    let any = false;
    const title = section.querySelector("h2").textContent.toLowerCase();
    for (const command of section.querySelectorAll(".command")) {
      const text = title + " " + command.textContent.toLowerCase();
      command.hidden = !words.every((word) => text.includes(word));
      any = any || !command.hidden;
    }
    section.hidden = !any;
  }
}
field.addEventListener("input", show);
show();
