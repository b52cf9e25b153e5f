-- manifest.yml --
app: { id: x }
modules:
  function: [{ key: r, handler: index.handler }]
