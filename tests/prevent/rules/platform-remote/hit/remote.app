-- manifest.yml --
app: { id: x }
remotes:
  - key: back # HIT
    baseUrl: https://example.org
connectModules: # HIT
  jira:webPanels: []
