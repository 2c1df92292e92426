// The subsets: a colour, whether it is shown, its name, its number of stars, and what can be done with it.
// Sends {colour: [name, "#rrggbb"]}, {show: [name, true]}, {rename: [name, new]}, {cut: name} or {remove: name}.

const CUT = "M2 3h12l-4.5 5.5V13L6.5 11V8.5z"
const CROSS = "M3 3l10 10M13 3L3 13"

export function render({ model, el }) {
  const list = document.createElement("ul")
  el.append(list)

  const call = (element, name) => {
    element.title = name
    element.setAttribute("aria-label", name)
  }

  const input = properties => Object.assign(document.createElement("input"), properties)

  const button = (path, send) => {
    const made = Object.assign(document.createElement("button"), { type: "button" })
    made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`
    made.addEventListener("click", send)
    return made
  }

  function row() {
    let name = ""
    const colours = input({ type: "color" })
    colours.addEventListener("change", () => model.send_msg({ colour: [name, colours.value] }))
    const show = input({ type: "checkbox" })
    show.addEventListener("change", () => model.send_msg({ show: [name, show.checked] }))
    const words = input({ type: "text", maxLength: model.letters })
    words.addEventListener("change", () => words.value.trim() && model.send_msg({ rename: [name, words.value] }))
    words.addEventListener("keydown", event => {
      if (event.key === "Escape") words.value = name
      if (event.key === "Enter" || event.key === "Escape") words.blur()
    })
    const count = document.createElement("span")
    count.className = "number"
    const use = button(CUT, () => model.send_msg({ cut: name }))
    const remove = button(CROSS, () => model.send_msg({ remove: name }))
    const line = document.createElement("li")
    const first = document.createElement("div"), second = document.createElement("div")
    first.append(show, colours, words)
    second.append(count, use, remove)
    line.append(first, second)

    // a name that is being typed stays, whatever else is news
    function tell(subset) {
      name = subset.name
      call(colours, `Colour of ${name}`)
      call(show, `Show ${name}`)
      call(words, `Name of ${name}`)
      call(use, `Use ${name} as a cut`)
      call(remove, `Remove ${name}`)
      words.title = subset.condition
      colours.value = subset.colour
      show.checked = subset.shown
      count.textContent = subset.number
      use.disabled = subset.cut
      if (el.getRootNode().activeElement !== words) words.value = name
    }
    return { line, tell, is: other => other === name }
  }

  const focused = () => {
    const lines = [...list.children], active = el.getRootNode().activeElement
    const k = lines.findIndex(each => each.contains(active))
    return k < 0 ? null : [k, [...lines[k].querySelectorAll("input, button")].indexOf(active)]
  }

  let rows = []

  function draw() {
    const names = model.subsets.map(subset => subset.name)
    const gone = rows.filter(each => !names.some(each.is))
    const place = focused()
    const renamed = k => (gone.includes(rows[k]) ? rows[k] : undefined)
    rows = names.map((name, k) => rows.find(each => each.is(name)) ?? renamed(k) ?? row())
    for (const each of gone) if (!rows.includes(each)) each.line.remove()
    rows.forEach(({ line, tell }, k) => {
      if (list.children[k] !== line) list.insertBefore(line, list.children[k] ?? null)
      tell(model.subsets[k])
    })
    if (place && !focused()) list.children[place[0]]?.querySelectorAll("input, button")[place[1]]?.focus()
  }

  model.on("subsets", draw)
  model.on("refused", draw)
  draw()
}
