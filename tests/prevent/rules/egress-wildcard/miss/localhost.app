-- manifest.yml --
app: { id: x }
permissions:
  external:
    fetch:
      client: ['*.localhost']
