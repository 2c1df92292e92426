// A colour bar with handles at both ends: drag them, or type the numbers. Sends {low, high} to the server.

const TICKS = 5

function nice(low, high, log) {
  if (log) {
    const ticks = []
    for (let p = Math.ceil(Math.log10(low) - 1e-9); p <= Math.log10(high) + 1e-9; p++) ticks.push(10 ** p)
    return ticks.length > 1 ? ticks : [low, high]
  }
  const raw = (high - low) / TICKS
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw)
  const ticks = []
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(k * step)
  return ticks
}

function short(value) {
  if (value === 0) return "0"
  const size = Math.abs(value)
  if (size >= 1e5 || size < 1e-3) return value.toExponential(0).replace("e+", "e")
  return String(Number(value.toPrecision(6))).replace("-", "\u2212")
}

export function render({ model, el }) {
  const frame = document.createElement("div")
  frame.className = "frame"
  const fields = ["low", "high"].map((end) => {
    const field = document.createElement("input")
    field.type = "number"
    field.step = "any"
    field.className = end
    return field
  })
  const middle = document.createElement("div")
  middle.className = "middle"
  const bar = document.createElement("div")
  bar.className = "bar"
  const scale = document.createElement("div")
  scale.className = "scale"
  const unit = document.createElement("span")
  unit.className = "unit"
  middle.append(bar, scale)
  frame.append(fields[0], middle, fields[1], unit)
  el.append(frame)

  const forward = (v) => (model.log ? Math.log10(v) : v)
  const back = (v) => (model.log ? 10 ** v : v)

  function draw() {
    const { low, high, log } = model
    const stops = model.colours.map((c, i, all) => `${c} ${(100 * i) / (all.length - 1)}%`)
    bar.style.background = `linear-gradient(to right, ${stops.join(",")})`
    fields[0].value = Number(low.toPrecision(6))
    fields[1].value = Number(high.toPrecision(6))
    fields[0].setAttribute("aria-label", `lowest ${model.name_plain} of the colours`)
    fields[1].setAttribute("aria-label", `highest ${model.name_plain} of the colours`)
    unit.textContent = model.unit
    const span = forward(high) - forward(low)
    scale.replaceChildren(
      ...nice(low, high, log).map((value) => {
        const tick = document.createElement("span")
        tick.textContent = short(value)
        tick.style.left = `${(100 * (forward(value) - forward(low))) / span}%`
        return tick
      }),
    )
  }

  function propose(low, high) {
    if (Number.isFinite(low) && Number.isFinite(high) && low < high && !(model.log && low <= 0)) {
      model.send_msg({ low, high })
    } else {
      draw()
    }
  }

  fields.forEach((field) => field.addEventListener("change", () => propose(fields[0].valueAsNumber, fields[1].valueAsNumber)))

  bar.addEventListener("pointerdown", (start) => {
    const box = bar.getBoundingClientRect()
    const low = forward(model.low)
    const span = forward(model.high) - low
    const grabsHigh = start.clientX - box.left > box.width / 2
    let ends = [model.low, model.high]
    bar.setPointerCapture(start.pointerId)
    const move = (now) => {
      const shift = ((now.clientX - start.clientX) / box.width) * span
      ends = grabsHigh ? [model.low, back(low + span - shift)] : [back(low - shift), model.high]
      fields[0].value = Number(ends[0].toPrecision(3))
      fields[1].value = Number(ends[1].toPrecision(3))
    }
    const release = () => {
      bar.removeEventListener("pointermove", move)
      bar.removeEventListener("pointerup", release)
      if (ends[0] !== model.low || ends[1] !== model.high) propose(...ends.map((v) => Number(v.toPrecision(3))))
    }
    bar.addEventListener("pointermove", move)
    bar.addEventListener("pointerup", release)
  })

  // What comes in one message comes value by value: an end may be that of a linear bar while this one has logarithms.
  let due = false
  model.on(["low", "high", "log", "colours", "unit"], () => {
    if (due) return
    due = true
    queueMicrotask(() => {
      due = false
      draw()
    })
  })
  draw()
}
