// Writes the token that is to be `written` into the page's address; sends {visit: token, number} when the
// visitor goes back or forward for that numbered time; copies the address, and says whether that went well.

const SHOWN_MS = 4000

export function render({ model, el }) {
  const said = document.createElement("span")
  said.className = "said"
  said.setAttribute("role", "status")
  el.append(said)

  const present = () => new URL(location.href).searchParams.get("s") ?? ""

  let visits = 0

  function visit() {
    visits += 1
    model.send_msg({ visit: present(), number: visits })
  }

  // What was written before the server knew of the last visit is out of date.
  function write() {
    const [token, after] = model.written
    if (after !== visits || token === present()) return
    const address = new URL(location.href)
    if (token) address.searchParams.set("s", token)
    else address.searchParams.delete("s")
    history.pushState(null, "", address)
  }

  let clearing
  function say(words) {
    clearTimeout(clearing)
    said.textContent = words
    clearing = setTimeout(() => (said.textContent = ""), SHOWN_MS)
  }

  // Where a page is not served safely there is no clipboard but the old command's.
  function copyAsText(text) {
    const field = document.createElement("textarea")
    field.value = text
    const before = document.activeElement
    document.body.append(field)
    field.select()
    const copied = document.execCommand("copy")
    field.remove()
    before?.focus()
    return copied
  }

  async function copy() {
    let copied
    try {
      await navigator.clipboard.writeText(location.href)
      copied = true
    } catch {
      copied = copyAsText(location.href)
    }
    say(copied ? "Link copied" : "Copy the address at the top of the browser")
  }

  window.addEventListener("popstate", visit)
  // Who goes back while the page is still being loaded does so before anybody listens.
  if (present() !== model.opened) visit()
  else write()
  model.on("written", write)
  model.on("remove", () => window.removeEventListener("popstate", visit))
  model.on("msg:custom", copy)
}
