-- manifest.yml --
app: { id: x }
permissions:
  external:
    fetch:
      client: ['http://localhost:3000']
