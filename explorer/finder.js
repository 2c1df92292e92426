// The star one looks at: its name in a field in which another can be looked for, and buttons to its neighbours.
// Sends {find: text}, {step: 1 | -1}, {leave: true} and, of a click on a map, {click: {view, x, y, scale}}.

const LONGEST = 100
const ICONS = {
  find: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9zM10.5 10.5L14 14",
  back: "M10 3L5 8l5 5",
  on: "M6 3l5 5l-5 5",
  leave: "M4 4l8 8M12 4l-8 8",
}

const icon = (name) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`

export function render({ model, el }) {
  const field = document.createElement("input")
  Object.assign(field, { type: "text", maxLength: LONGEST, placeholder: "Find a star", spellcheck: false, autocomplete: "off" })
  field.setAttribute("aria-label", "Find a star")
  field.title = "obsid, designation, Gaia source_id, or ra and dec   (key: /)"
  const said = document.createElement("div")
  said.className = "said"
  said.setAttribute("role", "status")
  const box = document.createElement("div")
  box.className = "box"
  box.setAttribute("role", "search")

  function button(name, words, message) {
    const made = document.createElement("button")
    made.type = "button"
    made.className = name
    made.title = words
    made.setAttribute("aria-label", words)
    made.innerHTML = icon(name)
    made.addEventListener("click", () => model.send_msg(message))
    return made
  }

  const buttons = [
    button("back", "Previous star of the selection", { step: -1 }),
    button("on", "Next star of the selection", { step: 1 }),
    button("leave", "Let go of the star", { leave: true }),
  ]
  box.innerHTML = icon("find")
  box.append(field, ...buttons)
  el.append(box, said)

  function say(words, wrong = false) {
    said.textContent = words
    said.classList.toggle("wrong", wrong)
    field.setAttribute("aria-invalid", wrong)
  }

  let last = "" // what the field held when it was entered, asked about or filled
  const focused = () => field.matches(":focus")
  const typing = () => focused() && field.value !== last

  function draw() {
    if (!typing()) {
      field.value = last = model.chosen
      if (focused()) field.select()
    }
    buttons.forEach((each) => (each.hidden = !model.chosen))
  }

  field.addEventListener("focus", () => {
    last = field.value
    field.select()
  })
  field.addEventListener("input", () => say(""))
  field.addEventListener("blur", () => {
    draw()
    say("")
  })
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.blur()
    else if (event.key !== "Enter") return
    else if (field.value.trim() && field.value !== model.chosen) {
      last = field.value
      model.send_msg({ find: last })
    }
    event.preventDefault()
  })

  const heard = {
    "star:find": () => field.focus(),
    "star:click": (event) => model.send_msg({ click: event.detail }),
    "star:step": (event) => {
      if (!model.chosen) return
      event.preventDefault()
      model.send_msg({ step: event.detail })
    },
    "star:letgo": (event) => {
      if (!model.chosen || event.defaultPrevented) return
      event.preventDefault()
      model.send_msg({ leave: true })
    },
  }
  for (const [name, hear] of Object.entries(heard)) window.addEventListener(name, hear)
  model.on("remove", () => {
    for (const [name, hear] of Object.entries(heard)) window.removeEventListener(name, hear)
  })
  model.on("chosen", draw)
  model.on("msg:custom", ({ said: words, wrong }) => {
    if (typing()) return
    if (!wrong) draw()
    say(words, wrong)
  })
  draw()
}
