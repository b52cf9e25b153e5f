-- manifest.yml --
app: { id: x }
permissions:
  scopes:
    read:jira-work:
      allowImpersonation: false
