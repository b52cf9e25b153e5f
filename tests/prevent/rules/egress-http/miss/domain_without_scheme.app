-- manifest.yml --
app: { id: x }
permissions:
  external:
    fetch:
      backend: [api.example.org]
