-- manifest.yml --
app: { id: x }
permissions:
  scopes: ['read:jira-work', 'write:jira-work', 'write:user.property:confluence', 'read:permission:jira']
