// Undo, redo and the list of keys, as buttons and as keys. Sends {step: "undo" | "redo"}.
// "/" goes on to the search for stars as the event star:find, the arrows as star:step, Enter to the brushes as
// brush:finish. Escape is offered to who draws, then to the star, then to the brushes, till one takes it.

const ICONS = { undo: "M6 3L2.5 6.5L6 10M3 6.5h6.5a4 4 0 0 1 0 8H7", redo: "M10 3l3.5 3.5L10 10M13 6.5H6.5a4 4 0 0 0 0 8H9" }

const KEYS = [
  ["Click", "look at the nearest star; once more at the same place: at the next"],
  ["Drag", "draw a brush; inside one: move it; at its edge: resize it"],
  ["Wheel", "zoom"],
  ["/", "find a star by its name or position"],
  ["←, →", "the star before or after, of those selected"],
  ["Esc", "let go of the star, or else of the brush drawn or changed last"],
  ["Double click, Enter", "end the polygon whose corners you set"],
  ["Ctrl+Z", "undo"],
  ["Ctrl+Shift+Z, Ctrl+Y", "redo"],
  ["?", "this list"],
]

const WRITING =
  "input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox], [role=combobox], dialog"

/** Whether a key belongs to the field or the dialog that it is pressed in. */
const isWriting = (event) => event.composedPath().some((part) => part.matches?.(WRITING))

function stepOf(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null
  const letter = event.key.toLowerCase()
  if (letter === "z") return event.shiftKey ? "redo" : "undo"
  return letter === "y" && !event.shiftKey ? "redo" : null
}

const OPENING = ["Enter", " ", "ArrowDown", "ArrowUp"]

/** The list of choices that a key opens: the library's own open by the mouse alone. */
const choiceOf = (event) =>
  OPENING.includes(event.key) && event.composedPath().find((part) => part.matches?.(".MuiSelect-select[aria-expanded=false]"))

const ARROWS = { ArrowLeft: -1, ArrowRight: 1 }

/** Offer something to the page; gives whether somebody took it. */
const offer = (name, detail) => !window.dispatchEvent(new CustomEvent(name, { cancelable: true, detail }))

function keyList() {
  const dialog = document.createElement("dialog")
  dialog.setAttribute("aria-labelledby", "keys")
  const rows = KEYS.map(([keys, does]) => {
    const each = keys.split(", ").map((key) => key.split("+").map((one) => `<kbd>${one}</kbd>`).join(" "))
    return `<tr><th scope="row">${each.join(" or ")}</th><td>${does}</td></tr>`
  })
  dialog.innerHTML = `<h2 id="keys">Mouse and keys</h2><table>${rows.join("")}</table><button type="button">Close</button>`
  dialog.querySelector("button").addEventListener("click", () => dialog.close())
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  return dialog
}

export function render({ model, el }) {
  const dialog = keyList()
  const ask = (step) => model.send_msg({ step })

  function button(name, content, act) {
    const made = document.createElement("button")
    made.type = "button"
    made.title = name
    made.setAttribute("aria-label", name)
    made.innerHTML = content
    made.addEventListener("click", act)
    return made
  }

  const icon = (path) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`
  const undo = button("Undo", icon(ICONS.undo), () => ask("undo"))
  const redo = button("Redo", icon(ICONS.redo), () => ask("redo"))
  const help = button("Mouse and keys", "?", () => dialog.showModal())
  el.append(undo, redo, help, dialog)

  function key(event) {
    const choice = choiceOf(event)
    if (choice) {
      event.preventDefault()
      choice.click()
      return
    }
    if (event.defaultPrevented || isWriting(event)) return
    const step = stepOf(event)
    if (step) {
      event.preventDefault()
      ask(step)
    } else if (event.key === "?") {
      dialog.showModal()
    } else if (event.key === "/") {
      event.preventDefault()
      offer("star:find")
    } else if (event.key in ARROWS && !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) {
      if (offer("star:step", ARROWS[event.key])) event.preventDefault()
    } else if (event.key === "Escape") {
      for (const name of ["gesture:letgo", "star:letgo", "brush:letgo"]) if (offer(name)) return
    } else if (event.key === "Enter") {
      offer("brush:finish")
    }
  }

  function draw() {
    undo.disabled = !model.can_undo
    redo.disabled = !model.can_redo
  }

  window.addEventListener("keydown", key)
  model.on("remove", () => window.removeEventListener("keydown", key))
  model.on(["can_undo", "can_redo"], draw)
  draw()
}
