// Chips with buttons. Sends {action: source}, an action being one of those the list was made with.

const ICONS = {
  edit: "M3 13l1-4 7-7 3 3-7 7zM10 3l3 3",
  invert: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12zM8 2v12M10 3v10M12 4.5v7",
  toggle: "M8 2v6M4.5 4.5a5 5 0 1 0 7 0",
  remove: "M3 3l10 10M13 3L3 13",
}

let numbered = 0

export function render({ model, el }) {
  const list = document.createElement("ul")
  const chips = new Map()
  el.append(list)

  function button(action, source, words) {
    const made = document.createElement("button")
    made.type = "button"
    made.className = action
    made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[action]}"/></svg>`
    made.setAttribute("aria-describedby", words)
    made.addEventListener("click", () => model.send_msg({ [action]: source }))
    return made
  }

  function make(source) {
    const chip = document.createElement("li")
    const words = document.createElement("span")
    words.className = "words"
    words.id = `words-${(numbered += 1)}`
    const buttons = document.createElement("span")
    buttons.className = "buttons"
    buttons.append(...Object.keys(model.actions).map((action) => button(action, source, words.id)))
    chip.append(buttons, words)
    return chip
  }

  /** What there is stays in its place, so that a button keeps the focus while its chip changes. */
  function draw() {
    const sources = model.chips.map(({ source }) => source)
    for (const [source, chip] of chips) {
      if (!sources.includes(source)) {
        chip.remove()
        chips.delete(source)
      }
    }
    model.chips.forEach(({ source, words, states = [] }, k) => {
      if (!chips.has(source)) chips.set(source, make(source))
      const chip = chips.get(source)
      if (list.children[k] !== chip) list.insertBefore(chip, list.children[k] ?? null)
      const text = chip.querySelector(".words")
      if (text.said !== words) text.innerHTML = text.said = words
      chip.className = states.join(" ")
      for (const [action, names] of Object.entries(model.actions)) {
        const [name, other] = names
        const one = chip.querySelector(`button.${action}`)
        one.title = other && states.includes(action) ? other : name
        one.setAttribute("aria-label", one.title)
      }
    })
  }

  model.on("chips", draw)
  draw()
}
