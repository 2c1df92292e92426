// A card: heading, a button for its settings if it has any, controls, a plot, and a legend if it has one.
// Sends {settings: true}; where it can be moved, tells the board around it by events named "arrange".

const SLIDERS = "M3 4h6M13 4h0M1 4h0M1 8h3M8 8h7M1 12h8M13 12h2M11 2v4M6 6v4M11 10v4"
const DOTS = "M8 3h.01M8 8h.01M8 13h.01"
const FILL = "M2 6V2h4M14 6V2h-4M2 10v4h4M14 10v4h-4"
const SHRINK = "M6 2v4H2M10 2v4h4M6 14v-4H2M10 14v-4h4"
const ACTS = {
  left: ["Move left", "M13 8H3M7 4L3 8l4 4"],
  right: ["Move right", "M3 8h10M9 4l4 4-4 4"],
  larger: ["Larger", "M8 3v10M3 8h10"],
  smaller: ["Smaller", "M3 8h10"],
  remove: ["Remove from the page", "M3 3l10 10M13 3L3 13"],
}

function button(name, path, press) {
  const made = document.createElement("button")
  made.type = "button"
  made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`
  made.addEventListener("click", () => press(made))
  label(made, name)
  return made
}

function label(made, name) {
  made.title = name
  made.setAttribute("aria-label", name)
}

// Buttons that move and size the card; those that are seldom needed are made when asked for.
function arrangement(model, el) {
  const say = (act) => el.dispatchEvent(new CustomEvent("arrange", { detail: act, bubbles: true, composed: true }))
  const name = model.plain_name
  const open = button(`Arrange ${name}`, DOTS, () => show(!more.isConnected))
  const more = document.createElement("div")
  more.className = "more"
  more.setAttribute("role", "group")
  more.setAttribute("aria-label", `Arrange ${name}`)
  const inside = (event) => event.composedPath().includes(more) || event.composedPath().includes(open)
  const leave = (event) => inside(event) || show(false)

  function show(on) {
    open.setAttribute("aria-expanded", String(on))
    if (on && !more.children.length) {
      more.append(...Object.entries(ACTS).map(([act, [what, path]]) => button(`${what}: ${name}`, path, () => say(act))))
    }
    if (on) el.append(more)
    else more.remove()
    const listen = on ? document.addEventListener : document.removeEventListener
    listen.call(document, "pointerdown", leave, true)
  }

  more.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    event.stopPropagation()
    show(false)
    open.focus()
  })
  open.setAttribute("aria-expanded", "false")
  const fill = button("", FILL, () => say(model.largest ? "restore" : "maximise"))
  const turn = () => {
    label(fill, model.largest ? `Back to all views from ${name}` : `Fill the page with ${name}`)
    fill.querySelector("path").setAttribute("d", model.largest ? SHRINK : FILL)
    open.hidden = model.largest
    if (model.largest) show(false)
  }
  model.on("largest", turn)
  turn()
  return [open, fill]
}

export function render({ model, el }) {
  const head = document.createElement("div")
  head.className = model.movable ? "head movable" : "head"
  const heading = document.createElement("h2")
  heading.className = "heading"
  head.append(heading, ...model.get_child("controls"))
  if (model.settings) {
    const settings = button(model.settings, SLIDERS, () => model.send_msg({ settings: true }))
    head.append(settings)
    model.on("returned", () => settings.focus())
  }
  if (model.movable) head.append(...arrangement(model, el))
  const legend = document.createElement("div")
  legend.className = "legend"
  const plot = model.get_child("plot")
  el.append(head, plot, legend)
  const say = () => (heading.innerHTML = model.heading)
  heading.addEventListener("pointerenter", () => {
    heading.title = heading.scrollWidth > heading.clientWidth ? heading.textContent.trim() : ""
  })
  const speak = () => {
    if (!model.spoken) return
    plot.setAttribute("role", "img")
    plot.setAttribute("aria-label", model.spoken)
  }
  const explain = () => (legend.innerHTML = model.legend)
  model.on("heading", say)
  model.on("spoken", speak)
  model.on("legend", explain)
  say()
  explain()
  speak()
}
