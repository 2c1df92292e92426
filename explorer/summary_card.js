// A table in a frame that scrolls, and what a screen reader says of it once it has rested.

const REST_MS = 1500

export function render({ model, el }) {
  const frame = document.createElement("div")
  frame.className = "frame"
  frame.tabIndex = 0
  frame.setAttribute("role", "region")
  frame.setAttribute("aria-label", "Summary of the selected stars")
  const live = document.createElement("div")
  live.className = "live"
  live.setAttribute("aria-live", "polite")
  el.append(frame, live)

  let timer = null
  const draw = () => {
    const { scrollLeft, scrollTop } = frame
    frame.innerHTML = model.table
    frame.scrollTo(scrollLeft, scrollTop)
  }
  model.on("table", draw)
  model.on("spoken", () => {
    clearTimeout(timer)
    timer = setTimeout(() => (live.textContent = model.spoken), REST_MS)
  })
  model.on("remove", () => clearTimeout(timer))
  draw()
}
