// Brushes: hears of the regions drawn with the figures' own selection tools, and draws those the server tells of.
// Sends {view, shape, moving, edited, serial}, the next only when the answer to the former is painted.

const TOOLS = ["BoxSelectTool", "LassoSelectTool", "PolySelectTool"]
const CANVAS = "bk-events"
const MOST_CORNERS = 200
const SMALLEST = 3 // pixels: what is smaller is a slip of the hand
const PATIENCE_MS = 2000
const NOT_YET_MS = 250
const GESTURES = {
  press_threshold: 60_000, // ms: a button held still is no gesture of its own, a drag may begin slowly
  doubletap_threshold: 0, // ms: two quick clicks are two corners, wherever they are
}

const span = (range) => Math.abs(range.end - range.start)

function rounded(value, range) {
  const power = Math.floor(Math.log10(span(range) / 1000))
  return power < 0 ? Number(value.toFixed(-power)) : Math.round(value / 10 ** power) * 10 ** power
}

/** Corners (in pixels) that are needed to stay within a tolerance: Douglas and Peucker. */
function needed(points, tolerance) {
  const keep = new Uint8Array(points.length)
  keep[0] = keep[points.length - 1] = 1
  const parts = [[0, points.length - 1]]
  while (parts.length) {
    const [first, last] = parts.pop()
    const [ax, ay] = points[first]
    const [dx, dy] = [points[last][0] - ax, points[last][1] - ay]
    const length = dx * dx + dy * dy
    let [farthest, most] = [0, tolerance * tolerance]
    for (let k = first + 1; k < last; k++) {
      const [px, py] = [points[k][0] - ax, points[k][1] - ay]
      const t = length && Math.min(1, Math.max(0, (px * dx + py * dy) / length))
      const away = (px - t * dx) ** 2 + (py - t * dy) ** 2
      if (away > most) [farthest, most] = [k, away]
    }
    if (farthest) {
      keep[farthest] = 1
      parts.push([first, farthest], [farthest, last])
    }
  }
  return keep
}

function simplified(xs, ys, scale) {
  const points = Array.from(xs, (x, k) => [x * scale[0], ys[k] * scale[1]])
  for (let tolerance = 0.5; ; tolerance *= 1.5) {
    const keep = needed(points, tolerance)
    const corners = [...keep.keys()].filter((k) => keep[k])
    if (corners.length <= MOST_CORNERS) return corners
  }
}

class View {
  constructor(name, figure, onChange, quietly) {
    this.name = name
    this.figure = figure
    this.tools = figure.toolbar.tools.filter((tool) => TOOLS.includes(tool.type))
    this.edited = false // whether a brush that was there before is being changed
    this.kept = null // what was drawn at the end of the last gesture, or by the server since
    this.sent = "null" // what the server knows of it
    this.rough = false // whether what is drawn has yet to become what was sent, to the last digit
    this.building = false // whether a polygon is being put together, click by click
    for (const tool of this.tools) {
      tool.overlay.change.connect(() => onChange(this, tool))
      tool.overlay.pan.connect(([phase]) => (this.edited ||= phase === "pan:start"))
    }
    figure.properties.background_fill_color.change.connect(() => quietly(() => this.dress()))
  }

  /** Whether a polygon's newest corner lies on the one before or on the first: that ends it. */
  get closed() {
    const { xs, ys } = this.active?.overlay ?? {}
    if (!this.building || !(xs?.length > 3)) return false
    const [sx, sy] = this.scale
    const apart = (k) => Math.hypot((xs.at(-1) - xs.at(k)) * sx, (ys.at(-1) - ys.at(k)) * sy)
    return Math.min(apart(0), apart(-2)) < 2 * SMALLEST
  }

  get active() {
    return this.tools.find((tool) => tool.overlay.visible)
  }

  /** Whether the browser knows the sides of its frame. */
  get laid() {
    return !this.figure.properties.inner_height.is_unset
  }

  /** How many pixels a unit of each axis takes. */
  get scale() {
    const { x_range, y_range, inner_width, inner_height } = this.figure
    return [inner_width / span(x_range), inner_height / span(y_range)]
  }

  /** What is drawn, rounded to what a pixel can tell; undefined while it is too small to mean anything. */
  read() {
    const tool = this.active
    if (!tool) return null
    const { x_range, y_range } = this.figure
    const { left, right, top, bottom, xs, ys } = tool.overlay
    const [sx, sy] = this.scale
    if (tool.type !== "BoxSelectTool") {
      if (xs.length < 3) return undefined
      const corners = simplified(xs, ys, [sx, sy]).flatMap((k) => [rounded(xs[k], x_range), rounded(ys[k], y_range)])
      return corners.length < 6 ? undefined : { polygon: corners }
    }
    const across = [left, right].map((end) => rounded(end, x_range)).sort((a, b) => a - b)
    if (Math.abs(right - left) * sx < SMALLEST) return undefined
    if (tool.dimensions === "width") return { range: across }
    const up = [bottom, top].map((end) => rounded(end, y_range)).sort((a, b) => a - b)
    return Math.abs(top - bottom) * sy < SMALLEST ? undefined : { box: [...across, ...up] }
  }

  draw(shape) {
    const { x_range, y_range } = this.figure
    const kind = shape && ["box", "range", "polygon"].find((kind) => kind in shape)
    const types = kind === "polygon" ? ["PolySelectTool", "LassoSelectTool"] : ["BoxSelectTool"]
    const fitting = this.tools.filter((tool) => kind && types.includes(tool.type))
    const target = fitting.find((tool) => tool.overlay.visible) ?? fitting.at(-1)
    for (const tool of this.tools) {
      if (this.building && tool.type === "PolySelectTool") tool.clear.emit()
      if (tool !== target && tool.overlay.visible) tool.overlay.clear()
    }
    this.building = false
    if (!target) return
    if (kind === "polygon") {
      const corners = shape.polygon
      target.overlay.update({ xs: corners.filter((_, k) => k % 2 === 0), ys: corners.filter((_, k) => k % 2) })
    } else {
      const [left, right] = this.sides(shape[kind].slice(0, 2), x_range)
      const [bottom, top] = kind === "range" ? [0, this.figure.inner_height] : this.sides(shape.box.slice(2), y_range)
      target.overlay.update({ left, right, bottom, top })
    }
    this.dress(shape.off ?? false)
  }

  /** Two ends in the direction in which their axis grows; an open one lies far outside. */
  sides(ends, range) {
    const far = 100 * span(range)
    const [low, high] = [ends[0] ?? Math.min(range.start, range.end) - far, ends[1] ?? Math.max(range.start, range.end) + far]
    return range.start <= range.end ? [low, high] : [high, low]
  }

  /** Ink that reads on the page's ground, fainter where the brush is switched off. */
  dress(off = this.off ?? false) {
    this.off = off
    const dark = isDark(this.figure.background_fill_color)
    const ink = dark ? "#ffffff" : "#101418"
    for (const { overlay } of this.tools) {
      overlay.setv({
        line_color: ink, fill_color: ink, line_alpha: off ? 0.4 : 0.95, fill_alpha: off ? 0 : dark ? 0.14 : 0.08,
        line_dash: off ? [3, 4] : [],
      })
    }
  }
}

function isDark(colour) {
  const canvas = document.createElement("canvas").getContext("2d")
  canvas.fillStyle = colour ?? "#fff"
  canvas.fillRect(0, 0, 1, 1)
  const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128
}

export function render({ model }) {
  const views = new Map()
  let serial = 0
  let outstanding = 0 // the message whose answer is not painted yet
  let timer = null
  let waiting = null // the view that moved since
  let pressed = false
  let dragged = null // the view that changed since the button went down
  let ours = false // whether it is us who draw
  let later = null // till figures that have a brush are there
  let cancelled = null // the view in which the rest of a drag is to be ignored

  function find() {
    for (const name of model.views) {
      const figure = window.Bokeh.documents.map((page) => page.get_model_by_name(name)).find((found) => found)
      const shown = figure && window.Bokeh.index.find_one(figure)
      if (shown) Object.assign(shown.canvas_view.ui_event_bus.ui_gestures.constructor, GESTURES)
      if (!figure || views.get(name)?.figure === figure) continue
      const view = new View(name, figure, changed, quietly)
      views.set(name, view)
      quietly(() => view.dress())
    }
  }

  function quietly(act) {
    ours = true
    try {
      act()
    } finally {
      ours = false
    }
  }

  function changed(view, tool) {
    if (ours) return
    if (view === cancelled) return quietly(() => tool.overlay.clear())
    if (tool.overlay.visible) view.building = tool.type === "PolySelectTool" && pressed && !view.edited
    if (pressed) {
      dragged = view
      if (view.active) push(view)
    } else {
      requestAnimationFrame(() => redraw(view))
    }
  }

  /** Bokeh forgets what a figure showed when the figure is laid out anew, as when one view fills the page. */
  function redraw(view) {
    if (!pressed) quietly(() => view.draw(view.sent ? JSON.parse(view.sent) : null))
  }

  function push(view) {
    if (outstanding) waiting = view
    else send(view, true)
  }

  function send(view, moving) {
    const shape = view.read()
    if (moving && (shape === undefined || JSON.stringify(shape) === view.sent)) return
    view.sent = JSON.stringify(shape ?? null)
    waiting = null
    outstanding = serial += 1
    clearTimeout(timer)
    timer = setTimeout(() => answered(serial), PATIENCE_MS)
    model.send_msg({ view: view.name, shape: shape ?? null, moving, edited: view.edited, serial })
  }

  function answered(number) {
    if (outstanding && number >= outstanding) requestAnimationFrame(() => painted(number))
  }

  function painted(number) {
    if (number < outstanding) return
    outstanding = 0
    clearTimeout(timer)
    for (const view of views.values()) refine(view)
    if (waiting) send(waiting, true)
  }

  function refine(view) {
    if (!view.rough || pressed) return
    view.rough = false
    quietly(() => view.draw(view.kept))
  }

  function press(event) {
    const canvas = event.composedPath()[0]
    if (!canvas.classList?.contains(CANVAS)) return
    find()
    // On the canvas itself, after Bokeh's own listener, which tells nobody beyond it.
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, release)
    pressed = true
    dragged = null
    for (const view of views.values()) view.edited = false
  }

  function release() {
    cancelled = null
    if (!pressed) return
    pressed = false
    const view = dragged
    dragged = null
    if (view?.building && !view.closed) return push(view)
    if (view) settle(view)
    else for (const each of views.values()) refine(each)
  }

  function finish() {
    for (const view of views.values()) if (view.building) settle(view)
  }

  function settle(view) {
    const drawn = view.read()
    const shape = drawn === undefined ? view.kept : drawn
    view.kept = shape
    // What the hand drew is drawn to the last digit when the answer is there: it would keep the answer waiting.
    if (drawn === undefined || view.building) quietly(() => view.draw(shape))
    else view.rough = true
    // Of a slip of the hand, which leaves all as it was, nobody need hear.
    if (drawn !== undefined || view.sent !== JSON.stringify(shape)) send(view, false)
    view.edited = false
  }

  function giveUp(event) {
    const view = dragged ?? [...views.values()].find((each) => each.building)
    if (!view) return
    event.preventDefault()
    cancelled = pressed ? view : null
    pressed = false
    dragged = null
    quietly(() => view.draw(null))
    view.kept = null
    send(view, false)
  }

  function tryLater() {
    clearTimeout(later)
    later = setTimeout(apply, NOT_YET_MS)
  }

  function apply() {
    find()
    for (const [name, shape] of Object.entries(model.shapes.views)) {
      const view = views.get(name)
      if (!view?.laid) {
        if (shape) tryLater()
      } else if (view !== dragged && view.sent !== JSON.stringify(shape)) {
        quietly(() => view.draw(shape))
        view.kept = shape
        view.sent = JSON.stringify(shape)
      }
    }
  }

  // At this key Bokeh lets go of a figure's own brush; which one goes is for us to say.
  const keep = (event) => {
    if (event.key === "Escape" && event.composedPath()[0].classList?.contains(CANVAS)) event.stopPropagation()
  }
  const heard = [
    ["pointerdown", press, true],
    ["keyup", keep, true],
    ["gesture:letgo", giveUp, false],
    ["brush:letgo", () => model.send_msg({ escape: true }), false],
    ["brush:finish", finish, false],
  ]
  for (const [name, hear, early] of heard) window.addEventListener(name, hear, early)
  model.on("remove", () => {
    clearTimeout(later)
    heard.forEach(([name, hear, early]) => window.removeEventListener(name, hear, early))
  })
  model.on("shapes", apply)
  model.on("answered", () => answered(model.answered))
  apply()
}
