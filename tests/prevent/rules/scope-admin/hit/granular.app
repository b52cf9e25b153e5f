-- manifest.yml --
app: { id: x }
permissions:
  scopes: ['write:permission-scheme:jira']
