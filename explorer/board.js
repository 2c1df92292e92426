// Cards that flow into as many columns as there is room for.

export function render({ model, el }) {
  const board = document.createElement("div")
  board.className = "cards"
  board.append(...model.get_child("cards"))
  el.append(board)
}
