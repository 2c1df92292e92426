// Rows of controls, below them cards that flow into as many columns as there is room for.

export function render({ model, el }) {
  const board = document.createElement("div")
  board.className = "cards"
  board.append(...model.get_child("cards"))
  el.append(...model.get_child("above"), board, ...model.get_child("beside"))
}
