-- manifest.yml --
app:
  id: x
  runtime:
    name: nodejs18.x # HIT
modules:
  function: [{ key: r, handler: index.handler }]
