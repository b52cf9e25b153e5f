-- manifest.yml --
app: { id: x }
modules:
  macro: [{ key: m, resource: main }]
