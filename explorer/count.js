// The number of selected stars among all.

const written = (number) => number.toLocaleString("en-US")

export function render({ model, el }) {
  const line = document.createElement("div")
  line.className = "selected"
  el.append(line)
  const say = () => {
    line.innerHTML = `<b>${written(model.selected)}</b> of ${written(model.stars)} stars`
  }
  model.on("selected", say)
  say()
}
