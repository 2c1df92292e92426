// The labels of a star: as published, as fitted now, and a slider to try other values of each.
// Sends {trial: {name: value}} (all that differ from the fit; empty for none), {hold: {name: value}} and
// {where: name} ("" for none). While a trial is being drawn only the newest waits; {drawn: true} says that it is.

const PATIENCE_MS = 2000

export function render({ model, el }) {
  const table = document.createElement("table")
  const caption = document.createElement("p")
  caption.className = "note"
  const back = document.createElement("button")
  back.type = "button"
  back.textContent = "Back to the fit"
  el.append(table, back, caption)

  let trial = {}
  let held = {}
  let waiting = 0
  let pending = false
  const parts = {}

  function send() {
    if (waiting) {
      pending = true
      return
    }
    waiting = setTimeout(drawn, PATIENCE_MS)
    model.send_msg({ trial })
  }

  function drawn() {
    clearTimeout(waiting)
    waiting = 0
    if (pending) {
      pending = false
      send()
    }
  }

  function cell(row, kind, words = "") {
    const made = document.createElement(kind)
    made.textContent = words
    row.append(made)
    return made
  }

  function build() {
    table.replaceChildren()
    for (const name of Object.keys(parts)) delete parts[name]
    const head = table.createTHead().insertRow()
    for (const words of ["Label", model.first, "This fit", "Try", "", "Hold", "Where"]) {
      const made = cell(head, "th", words)
      made.scope = "col"
      if (!words) made.className = "number"
    }
    const body = table.createTBody()
    for (const each of model.rows) {
      const row = body.insertRow()
      const title = cell(row, "th")
      title.scope = "row"
      title.innerHTML = each.title
      const [published, fitted] = [cell(row, "td"), cell(row, "td")]
      const slider = document.createElement("input")
      Object.assign(slider, { type: "range", min: each.low, max: each.high, step: each.step })
      slider.setAttribute("aria-label", `Try another ${each.plain}`)
      cell(row, "td").append(slider)
      const number = cell(row, "td")
      number.className = "number"
      const hold = document.createElement("input")
      hold.type = "checkbox"
      hold.setAttribute("aria-label", `Hold ${each.plain} in the fit`)
      hold.title = `Fit the other labels with ${each.plain} held at this value`
      cell(row, "td").append(hold)
      const where = document.createElement("button")
      where.type = "button"
      where.innerHTML = "<svg viewBox='0 0 16 16' aria-hidden='true'><path d='M1 13h3V7h3V3h2v8h3v2h3'/></svg>"
      where.title = `Which pixels carry ${each.plain}?`
      where.setAttribute("aria-label", where.title)
      cell(row, "td").append(where)
      slider.addEventListener("input", () => {
        const value = Number(slider.value)
        number.textContent = value.toFixed(each.digits)
        if (each.name in held) {
          held = { ...held, [each.name]: value }
          hold_now()
          return
        }
        trial = { ...trial, [each.name]: value }
        send()
      })
      hold.addEventListener("change", () => {
        const { [each.name]: _, ...others } = held
        held = hold.checked ? { ...others, [each.name]: Number(slider.value) } : others
        delete trial[each.name]
        hold_now()
      })
      where.addEventListener("click", () => {
        model.send_msg({ where: model.where === each.name ? "" : each.name })
      })
      parts[each.name] = { published, fitted, slider, number, hold, where, row }
    }
  }

  let holding = 0
  let again = false
  function hold_now() {
    if (holding) {
      again = true
      return
    }
    holding = setTimeout(done, PATIENCE_MS)
    model.send_msg({ hold: held })
  }
  function done() {
    clearTimeout(holding)
    holding = 0
    if (again) {
      again = false
      hold_now()
    }
  }

  function fill() {
    const names = model.rows.map((row) => row.name).join()
    if (names !== Object.keys(parts).join()) build()
    const busy = el.getRootNode().activeElement
    if (!holding) held = Object.fromEntries(model.rows.filter((each) => each.held).map((each) => [each.name, each.value]))
    for (const each of model.rows) {
      const { published, fitted, slider, number, hold, where, row } = parts[each.name]
      published.textContent = each.published
      fitted.textContent = each.fitted
      row.title = each.note
      row.classList.toggle("beyond", each.beyond)
      row.classList.toggle("flagged", each.flagged)
      hold.checked = each.name in held
      slider.disabled = each.value === null
      hold.disabled = each.value === null || !model.fits
      where.hidden = each.value === null
      where.setAttribute("aria-pressed", String(model.where === each.name))
      if (each.value === null) number.textContent = ""
      else if (slider !== busy || !(each.name in trial || each.name in held)) {
        if (!(each.name in trial)) slider.value = each.value
        number.textContent = Number(slider.value).toFixed(each.digits)
      }
    }
    back.hidden = !Object.keys(trial).length && !Object.keys(held).length
    caption.textContent = model.note
  }

  back.addEventListener("click", () => {
    const holds = Object.keys(held).length
    trial = {}
    held = {}
    send()
    if (holds) hold_now()
    fill()
  })
  model.on("msg:custom", (message) => {
    if (message.drawn) drawn()
    if (message.fitted) {
      done()
      if (!holding) fill()
    }
    if (message.fresh) {
      trial = {}
      fill()
    }
    back.hidden = !Object.keys(trial).length && !Object.keys(held).length
  })
  for (const name of ["rows", "where", "note", "first", "fits"]) model.on(name, fill)
  build()
  fill()
}
