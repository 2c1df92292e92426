// Chips with buttons to change and to remove what they say. Sends {edit: source} or {remove: source}.

const PENCIL = "M3 13l1-4 7-7 3 3-7 7zM10 3l3 3"
const CROSS = "M3 3l10 10M13 3L3 13"

export function render({ model, el }) {
  const button = (name, path, message) => {
    const made = document.createElement("button")
    made.type = "button"
    made.title = name
    made.setAttribute("aria-label", name)
    made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`
    made.addEventListener("click", () => model.send_msg(message))
    return made
  }
  const list = document.createElement("ul")
  el.append(list)

  function draw() {
    list.replaceChildren(
      ...model.chips.map(({ source, words }) => {
        const chip = document.createElement("li")
        const text = document.createElement("span")
        text.className = "words"
        text.innerHTML = words
        chip.append(text)
        if (model.edit_name) chip.append(button(model.edit_name, PENCIL, { edit: source }))
        chip.append(button(model.remove_name, CROSS, { remove: source }))
        return chip
      }),
    )
  }

  model.on("chips", draw)
  draw()
}
