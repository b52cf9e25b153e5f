-- manifest.yml --
app: # HIT
  id: x
  runtime: { name: nodejs22.x }
permissions:
  external:
    fetch:
      client: [{ address: https://api.mixpanel.com, category: analytics }]
