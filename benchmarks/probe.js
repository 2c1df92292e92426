// Notes in a page when a pointer is let go, and when all maps that were sent new pixels have been painted: a
// frame. It counts as shown at the browser's next animation frame. Times are those of performance.now().
() => {
  const now = () => performance.now()
  const probe = {frames: [], pressed: 0, released: 0, changed: 0}
  const waiting = new Set()

  const maps = [...Bokeh.documents[0].all_models].map(model => ({
    name: model.name,
    view: Bokeh.index.find_one(model),
    images: (model.renderers?.filter ? model.renderers : []).filter(one => one.glyph?.type === 'Image'),
  })).filter(({view, images}) => images.length > 0 && view?.frame?.bbox.width > 0)

  const sources = new Map()
  for (const {view, images} of maps) {
    for (const {glyph, data_source} of images) {
      const fed = sources.get(data_source) ?? []
      sources.set(data_source, [...fed, {view, pixels: () => data_source.data[glyph.image.field]?.[0]}])
    }
    const paint = view._paint_primary.bind(view)
    view._paint_primary = context => {
      paint(context)
      painted(view)
    }
  }

  const painted = view => {
    if (!waiting.delete(view) || waiting.size > 0) return
    const frame = {changed: probe.changed, painted: now()}
    requestAnimationFrame(() => probe.frames.push({...frame, shown: now()}))
  }

  for (const [source, fed] of sources) {
    let shown = fed.map(map => map.pixels())
    source.properties.data.change.connect(() => {
      const pixels = fed.map(map => map.pixels())
      if (pixels.every((each, k) => each === shown[k])) return
      shown = pixels
      probe.changed = now()
      for (const {view} of fed) waiting.add(view)
    })
  }

  document.addEventListener('pointerdown', () => { probe.pressed = now() }, true)
  document.addEventListener('pointerup', () => { probe.released = now() }, true)

  probe.forget = () => {
    probe.frames.length = 0
    probe.pressed = probe.released = traffic.bytes = traffic.messages = 0
  }
  probe.quiet = () => waiting.size > 0 ? 0 : now() - Math.max(probe.changed, probe.released)
  probe.places = () => maps.map(({name, view}) => {
    const {left, top} = view.el.getBoundingClientRect(), {x0, y0, width, height} = view.frame.bbox
    return {name, left: left + x0, top: top + y0, width, height}
  })
  window.probe = probe
  return maps.length
}
