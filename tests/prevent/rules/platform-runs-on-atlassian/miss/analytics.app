-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
permissions:
  external:
    fetch:
      client: [{ address: https://api.mixpanel.com, category: analytics, inScopeEUD: false }]
