-- manifest.yml --
app: { id: x }
permissions:
  scopes:
    read:jira-work: # HIT
      allowImpersonation: true
    write:jira-work: {}
