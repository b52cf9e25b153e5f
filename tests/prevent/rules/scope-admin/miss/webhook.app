-- manifest.yml --
app: { id: x }
permissions:
  scopes: ['manage:jira-webhook', 'storage:app']
