-- manifest.yml --
app: { id: x }
permissions:
  content:
    scripts: ["'unsafe-inline'"]
