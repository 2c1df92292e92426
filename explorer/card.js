// A card: heading, a button for its settings if it has any, controls, and a plot. Sends {settings: true}.

const SLIDERS = "M3 4h6M13 4h0M1 4h0M1 8h3M8 8h7M1 12h8M13 12h2M11 2v4M6 6v4M11 10v4"

export function render({ model, el }) {
  const head = document.createElement("div")
  head.className = "head"
  const heading = document.createElement("h2")
  heading.className = "heading"
  head.append(heading, ...model.get_child("controls"))
  if (model.settings) {
    const button = document.createElement("button")
    button.type = "button"
    button.title = model.settings
    button.setAttribute("aria-label", model.settings)
    button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${SLIDERS}"/></svg>`
    button.addEventListener("click", () => model.send_msg({ settings: true }))
    head.append(button)
  }
  el.append(head, model.get_child("plot"))
  const say = () => (heading.innerHTML = model.heading)
  model.on("heading", say)
  say()
}
