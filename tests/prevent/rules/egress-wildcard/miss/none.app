-- manifest.yml --
app: { id: x }
permissions:
  scopes: ['storage:app']
