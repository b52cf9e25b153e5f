-- manifest.yml --
app: { id: x }
permissions:
  content:
    scripts: ['sha256-abc']
