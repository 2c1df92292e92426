// Cards in a grid that a person arranges: by the cards' own buttons, or by dragging one heading on to another card.
// Sends {act, card} and {swap: [one, other]} with the cards' keys, {area: [width, height]} of the room there is,
// and {kept: text} of what this browser remembered.

const DRAG = 6
const STORE = "milky-way-enrichment-explorer:views"
let pressed = null

function remembered() {
  try {
    return localStorage.getItem(STORE)
  } catch {
    return null
  }
}

function remember(text) {
  try {
    if (text) localStorage.setItem(STORE, text)
  } catch {
    // A browser that keeps nothing starts anew each time.
  }
}

export function render({ model, el }) {
  const board = document.createElement("div")
  board.className = "board"
  const cards = model.get_child("cards")
  const keys = model.keys
  cards.forEach((card, k) => {
    card.addEventListener("arrange", (event) => act(keys[k], event), { signal: listening(card) })
  })
  const size = () => {
    cards.forEach((card, k) => {
      const [columns, rows] = [model.spans[k] ?? 1, model.rows[k] ?? 1]
      Object.assign(card.style, { gridColumn: `span ${columns}`, gridRow: `span ${rows}` })
    })
  }
  size()
  board.append(...cards)
  el.append(board)
  el.leave?.abort()
  el.leave = new AbortController()
  const { signal } = el.leave

  // A card outlives the boards it was laid on: the last one alone listens to it.
  function listening(card) {
    card.leave?.abort()
    card.leave = new AbortController()
    return card.leave.signal
  }

  function act(card, event) {
    pressed = event.composedPath()[0].getRootNode().activeElement
    model.send_msg({ act: event.detail, card })
  }

  // Laying the cards anew takes the focus from the button that asked for it.
  const refocus = () => {
    if (pressed?.isConnected && cards.some((card) => card.contains(pressed.getRootNode().host))) pressed.focus()
    pressed = null
  }
  requestAnimationFrame(() => requestAnimationFrame(refocus))

  const escape = (event) => {
    const path = event.composedPath()
    if (event.key !== "Escape" || !model.largest || !(path.includes(board) || path[0] === document.body)) return
    event.stopPropagation()
    model.send_msg({ act: "restore", card: keys[0] })
  }
  window.addEventListener("keydown", escape, { signal, capture: true })

  let known = [0, 0]
  const measure = () => {
    const box = board.getBoundingClientRect()
    if (!box.width) return
    const top = box.top + document.scrollingElement.scrollTop
    const area = [box.width, window.innerHeight - top - 12].map(Math.floor)
    if (area.every((side, k) => Math.abs(side - known[k]) < 2)) return
    known = area
    model.send_msg({ area })
  }
  let waiting = 0
  const soon = () => {
    clearTimeout(waiting)
    waiting = setTimeout(measure, 120)
  }
  const sized = new ResizeObserver(soon)
  sized.observe(board)
  window.addEventListener("resize", soon, { signal })
  signal.addEventListener("abort", () => sized.disconnect())

  board.addEventListener("pointerdown", (start) => {
    const path = start.composedPath()
    const k = cards.findIndex((card) => path.includes(card))
    if (start.button !== 0 || cards.length < 2 || !path.some((part) => part.matches?.(".movable .heading"))) return
    drag(cards[k], k, start)
  })

  // The card follows the pointer; all others stay where they are until it is let go over one of them.
  function drag(card, k, start) {
    let target = -1
    let moved = false
    const end = new AbortController()
    const move = (now) => {
      const [x, y] = [now.clientX - start.clientX, now.clientY - start.clientY]
      moved ||= Math.hypot(x, y) > DRAG
      if (!moved) return
      Object.assign(card.style, { transform: `translate(${x}px, ${y}px)`, zIndex: 30, opacity: 0.8 })
      target = cards.findIndex((other, i) => {
        const { left, right, top, bottom } = other.getBoundingClientRect()
        return i !== k && now.clientX > left && now.clientX < right && now.clientY > top && now.clientY < bottom
      })
      cards.forEach((other, i) => (other.style.outline = i === target ? "2px solid #3b7cc4" : ""))
    }
    const stop = (swap) => {
      end.abort()
      Object.assign(card.style, { transform: "", zIndex: "", opacity: "" })
      for (const other of cards) other.style.outline = ""
      if (swap && moved && target >= 0) model.send_msg({ swap: [keys[k], keys[target]] })
    }
    const whileDragged = { signal: end.signal, capture: true }
    window.addEventListener("pointermove", move, whileDragged)
    window.addEventListener("pointerup", () => stop(true), whileDragged)
    window.addEventListener("pointercancel", () => stop(false), whileDragged)
    window.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return
      event.stopPropagation()
      stop(false)
    }, whileDragged)
  }

  model.on("spans", size)
  model.on("rows", size)
  model.on("keep", () => remember(model.keep))
  model.on("remove", () => el.leave.abort())
  if (model.recall) {
    const kept = remembered()
    if (kept) model.send_msg({ kept })
  }
}
