// A button and, once it was pressed, the list of views with a tick for each that is on the page.
// Sends {view: its key, there: true or false} or {usual: true}.

const SETTLED_MS = 400

export function render({ model, el }) {
  const open = document.createElement("button")
  open.type = "button"
  open.className = "open"
  open.textContent = "Views ▾"
  open.setAttribute("aria-label", "Views")
  open.setAttribute("aria-expanded", "false")
  el.append(open)
  let list = null

  function show(on) {
    open.setAttribute("aria-expanded", String(on))
    list?.remove()
    list = on ? made() : null
    const listen = on ? document.addEventListener : document.removeEventListener
    listen.call(document, "pointerdown", leave, true)
    if (!on) return
    el.append(list)
    list.querySelector("input").focus()
  }

  function leave(event) {
    const path = event.composedPath()
    if (!path.includes(list) && !path.includes(open)) show(false)
  }

  function made() {
    const box = document.createElement("div")
    box.className = "list"
    box.setAttribute("role", "group")
    box.setAttribute("aria-label", "Views on the page")
    model.views.forEach(([view, title, there]) => {
      const row = document.createElement("label")
      const tick = document.createElement("input")
      tick.type = "checkbox"
      tick.checked = there
      tick.addEventListener("change", () => {
        model.send_msg({ view, there: tick.checked })
        soon()
      })
      const words = document.createElement("span")
      words.innerHTML = title
      row.append(tick, words)
      box.append(row)
    })
    const usual = document.createElement("button")
    usual.type = "button"
    usual.className = "usual"
    usual.textContent = "Usual arrangement"
    usual.addEventListener("click", () => model.send_msg({ usual: true }))
    box.append(usual)
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return
      event.stopPropagation()
      show(false)
      open.focus()
    })
    return box
  }

  // Ticks show what is there when a person has paused: what comes back meanwhile is older than the last tick.
  let waiting = 0
  const soon = () => {
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      list?.querySelectorAll("input").forEach((tick, k) => (tick.checked = model.views[k][2]))
    }, SETTLED_MS)
  }
  model.on("views", soon)
  open.addEventListener("click", () => show(list === null))
}
