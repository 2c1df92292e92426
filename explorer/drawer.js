// The drawer of a star, at the lower edge of the page: its name, its spectrum, and tabs of what is known of it.
// Sends {close: true}, {observation: number}, {model: name}, {manner: {observed, air, raw}},
// {below: [what, label]}, {exclude: text} and {opened: tab}.

const TABS = { labels: "Labels", fit: "Fit", orbit: "Orbit", about: "Spectrum" }

export function render({ model, el }) {
  const make = (kind, cls = "", words = "") => {
    const made = document.createElement(kind)
    if (cls) made.className = cls
    made.textContent = words
    return made
  }
  const button = (words, press, name = "") => {
    const made = make("button", name, words)
    made.type = "button"
    made.addEventListener("click", press)
    return made
  }
  const drawer = make("section", "pane")
  drawer.setAttribute("aria-label", "The star")
  const head = make("header")
  const title = make("h2")
  const links = make("span", "links")
  const busy = make("span", "busy")
  busy.setAttribute("role", "status")
  const fold = button("", () => turn(!folded), "icon")
  const close = button("✕", () => model.send_msg({ close: true }), "icon")
  close.title = "Close: let go of the star (Esc)"
  close.setAttribute("aria-label", "Close: let go of the star")
  head.append(title, links, busy, fold, close)

  const bar = make("div", "bar")
  const choice = (name, send) => {
    const made = make("select")
    made.setAttribute("aria-label", name)
    made.title = name
    made.addEventListener("change", () => send(made.value))
    return made
  }
  const observation = choice("Which spectrum", (value) => model.send_msg({ observation: Number(value) }))
  const which = choice("Model", (value) => model.send_msg({ model: value }))
  const below = choice("Below the spectrum", (value) => {
    const [what, ...label] = value.split(" ")
    model.send_msg({ below: [what, label.join(" ")] })
  })
  const ticks = Object.entries({ raw: "flux and continuum", observed: "observed frame", air: "air" }).map(([name, words]) => {
    const label = make("label")
    const box = document.createElement("input")
    box.type = "checkbox"
    box.name = name
    box.addEventListener("change", () => {
      model.send_msg({ manner: Object.fromEntries(ticks.map(({ box }) => [box.name, box.checked])) })
    })
    label.append(box, words)
    return { label, box }
  })
  const exclude = document.createElement("input")
  Object.assign(exclude, { type: "text", placeholder: "none, or 6860-6960, 7590-7700", maxLength: 2000, spellcheck: false })
  exclude.setAttribute("aria-label", "Wavelengths left out of the fit, at rest in vacuum, Å")
  exclude.title = "Wavelengths left out of the fit, at rest in vacuum, Å; or drag over the spectrum"
  exclude.addEventListener("change", () => model.send_msg({ exclude: exclude.value }))
  const out = make("label", "out", "Left out")
  out.append(exclude)
  const clear = button("Fit all pixels", () => model.send_msg({ exclude: "" }))
  bar.append(observation, which, below, ...ticks.map(({ label }) => label), out, clear)

  const plot = make("div", "plot")
  plot.append(model.get_child("plot"))
  const note = make("p", "note")
  const left = make("div", "left")
  left.append(bar, note, plot)

  const side = make("div", "side")
  const tabs = make("div", "tabs")
  tabs.setAttribute("role", "tablist")
  const panels = {}
  const buttons = {}
  for (const [name, words] of Object.entries(TABS)) {
    const tab = button(words, () => turn_to(name))
    tab.setAttribute("role", "tab")
    tab.id = `star-tab-${name}`
    tab.addEventListener("keydown", (event) => {
      const names = Object.keys(TABS)
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
      if (!step) return
      event.preventDefault()
      event.stopPropagation()
      const next = names[(names.indexOf(name) + step + names.length) % names.length]
      turn_to(next)
      buttons[next].focus()
    })
    buttons[name] = tab
    tabs.append(tab)
    panels[name] = make("div", "panel")
    panels[name].setAttribute("role", "tabpanel")
    panels[name].setAttribute("aria-labelledby", tab.id)
    panels[name].append(model.get_child(name === "labels" ? "labels_panel" : name))
  }
  side.append(tabs, ...Object.values(panels))
  const body = make("div", "body")
  body.append(left, side)
  drawer.append(head, body)
  const room = make("div", "room") // so that nothing of the page lies below the drawer for good
  el.append(drawer, room)

  let folded = false
  function turn(on) {
    folded = on
    drawer.classList.toggle("folded", on)
    fold.textContent = on ? "▴" : "▾"
    fold.title = on ? "Unfold the star" : "Fold the star away"
    fold.setAttribute("aria-label", fold.title)
    fold.setAttribute("aria-expanded", String(!on))
    place()
  }

  function open(name) {
    for (const each of Object.keys(TABS)) {
      buttons[each].setAttribute("aria-selected", String(each === name))
      buttons[each].tabIndex = each === name ? 0 : -1
      panels[each].hidden = each !== name
    }
  }

  function turn_to(name) {
    open(name)
    model.send_msg({ opened: name })
  }

  function place() {
    drawer.style.left = `${Math.max(room.getBoundingClientRect().left - 8, 0)}px`
    room.style.height = model.shown ? `${drawer.offsetHeight + 8}px` : 0
  }

  const options = (select, pairs, value) => {
    select.replaceChildren(...pairs.map(([key, words]) => new Option(words, key)))
    select.value = value
    select.hidden = pairs.length < (select === which ? 1 : 2)
  }

  function draw() {
    drawer.hidden = !model.shown
    drawer.classList.toggle("stale", model.stale)
    title.innerHTML = model.head
    note.innerHTML = model.note
    note.hidden = !model.note
    busy.textContent = model.busy
    links.replaceChildren(
      ...model.links.map(([words, address]) => {
        const made = make("a", "", words)
        Object.assign(made, { href: address, target: "_blank", rel: "noopener noreferrer" })
        return made
      }),
    )
    options(observation, model.observations, model.observation)
    options(which, model.models, model.model)
    const lower = [["residual ", "residual"]]
    for (const [name, plain] of model.labels) {
      lower.push([`information ${name}`, `information on ${plain}`], [`gradient ${name}`, `slope with ${plain}`])
    }
    options(below, lower, model.below.join(" "))
    for (const { box } of ticks) box.checked = Boolean(model.manner[box.name])
    if (exclude !== exclude.getRootNode().activeElement || !exclude.value) exclude.value = model.excluded
    clear.hidden = !model.excluded
    place()
  }

  const watched = ["shown", "stale", "head", "links", "note", "busy", "observations", "observation", "models", "model",
    "labels", "below", "manner", "excluded"]
  let due = 0
  for (const name of watched) {
    model.on(name, () => {
      due ||= requestAnimationFrame(() => {
        due = 0
        draw()
      })
    })
  }
  const letGo = (event) => {
    if (!model.shown || event.defaultPrevented) return
    event.preventDefault()
    model.send_msg({ close: true })
  }
  window.addEventListener("star:letgo", letGo)
  const watch = new ResizeObserver(place)
  watch.observe(room)
  watch.observe(drawer)
  model.on("remove", () => {
    watch.disconnect()
    window.removeEventListener("star:letgo", letGo)
  })
  open("labels")
  turn(false)
  draw()
}
