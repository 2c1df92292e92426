// A visitor's own spectrum: a file is read here and sent as {file: {name, data}}, data in base64; numbers that say
// where the star is as {place: {distance, pmra, pmdec, rv}}; {close: true} lets go of it.

const FIELDS = {
  distance: "Distance [kpc]",
  pmra: "pm in ra [mas/yr]",
  pmdec: "pm in dec [mas/yr]",
  rv: "rv [km/s]",
}

export function render({ model, el }) {
  const pick = document.createElement("input")
  Object.assign(pick, { type: "file", accept: ".fits,.fit,.gz", hidden: true })
  const button = document.createElement("button")
  button.type = "button"
  button.textContent = "Open a LAMOST file"
  button.title = "A spectrum of low resolution as LAMOST publishes it, .fits or .fits.gz"
  button.addEventListener("click", () => pick.click())
  const said = document.createElement("p")
  said.setAttribute("role", "status")
  const form = document.createElement("form")
  const fields = {}
  for (const [name, words] of Object.entries(FIELDS)) {
    const label = document.createElement("label")
    const field = document.createElement("input")
    Object.assign(field, { type: "text", inputMode: "decimal", name, maxLength: 30, autocomplete: "off" })
    label.append(words, field)
    form.append(label)
    fields[name] = field
  }
  const mark = document.createElement("button")
  mark.type = "submit"
  mark.textContent = "Mark it on the maps"
  form.append(mark)
  el.append(button, pick, said, form)

  function say(words, wrong = false) {
    said.textContent = words
    said.className = wrong ? "wrong" : ""
  }

  pick.addEventListener("change", async () => {
    const file = pick.files[0]
    pick.value = ""
    if (!file) return
    if (file.size > model.largest) {
      const mib = (bytes) => (bytes / 2 ** 20).toFixed(1)
      say(`${file.name} has ${mib(file.size)} MiB: a spectrum has less than ${mib(model.largest)}.`, true)
      return
    }
    say(`Reading ${file.name} …`)
    const reader = new FileReader()
    reader.addEventListener("load", () => {
      model.send_msg({ file: { name: file.name.slice(-200), data: reader.result.slice(reader.result.indexOf(",") + 1) } })
    })
    reader.addEventListener("error", () => say(`${file.name} could not be read.`, true))
    reader.readAsDataURL(file)
  })

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const numbers = {}
    for (const [name, field] of Object.entries(fields)) {
      const value = Number(field.value.trim().replace("−", "-"))
      if (!field.value.trim() || !Number.isFinite(value)) {
        const comma = field.value.includes(",") ? " with a point, not a comma" : ""
        say(`Give a number for ${FIELDS[name]}${comma}.`, true)
        field.focus()
        return
      }
      numbers[name] = value
    }
    model.send_msg({ place: numbers })
  })

  function draw() {
    form.hidden = !model.opened
    for (const field of Object.values(fields)) field.value = ""
    if (model.opened && model.rv !== null) fields.rv.value = model.rv.toFixed(1)
  }
  const answer = () => say(model.said, model.wrong)
  model.on("answers", answer)
  model.on("said", answer)
  for (const name of ["opened", "openings"]) model.on(name, draw)
  answer()
  draw()
}
