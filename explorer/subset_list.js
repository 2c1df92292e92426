// The subsets: a colour, whether it is shown, its name, its number of stars, and what can be done with it.
// Sends {colour: [name, "#rrggbb"]}, {show: [name, true]}, {rename: [name, new]}, {cut: name} or {remove: name}.

const CUT = "M2 3h12l-4.5 5.5V13L6.5 11V8.5z"
const CROSS = "M3 3l10 10M13 3L3 13"

export function render({ model, el }) {
  const list = document.createElement("ul")
  el.append(list)

  const named = (tag, name, properties) => {
    const made = Object.assign(document.createElement(tag), properties)
    made.title = name
    made.setAttribute("aria-label", name)
    return made
  }

  const button = (name, path, send) => {
    const made = named("button", name, { type: "button" })
    made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`
    made.addEventListener("click", send)
    return made
  }

  function row({ name, colour, shown, number, condition, cut }) {
    const colours = named("input", `Colour of ${name}`, { type: "color", value: colour })
    colours.addEventListener("change", () => model.send_msg({ colour: [name, colours.value] }))
    const show = named("input", `Show ${name}`, { type: "checkbox", checked: shown })
    show.addEventListener("change", () => model.send_msg({ show: [name, show.checked] }))
    const words = named("input", `Name of ${name}`, { type: "text", value: name, maxLength: model.letters })
    words.title = condition
    words.addEventListener("change", () => words.value.trim() && model.send_msg({ rename: [name, words.value] }))
    words.addEventListener("keydown", event => {
      if (event.key === "Escape") words.value = name
      if (event.key === "Enter" || event.key === "Escape") words.blur()
    })
    const count = document.createElement("span")
    count.className = "number"
    count.textContent = number
    const use = button(`Use ${name} as a cut`, CUT, () => model.send_msg({ cut: name }))
    use.disabled = cut
    const made = document.createElement("li")
    const first = document.createElement("div"), second = document.createElement("div")
    first.append(show, colours, words)
    second.append(count, use, button(`Remove ${name}`, CROSS, () => model.send_msg({ remove: name })))
    made.append(first, second)
    return made
  }

  const focused = () => {
    const rows = [...list.children], active = el.getRootNode().activeElement
    const k = rows.findIndex(each => each.contains(active))
    return k < 0 ? null : [k, [...rows[k].querySelectorAll("input, button")].indexOf(active)]
  }

  function draw() {
    const place = focused()
    list.replaceChildren(...model.subsets.map(row))
    if (place) list.children[place[0]]?.querySelectorAll("input, button")[place[1]]?.focus()
  }

  model.on("subsets", draw)
  model.on("refused", draw)
  draw()
}
