-- manifest.yml --
app: { id: x }
modules:
  jira:issuePanel:
    - key: p
      resource: nowhere # HIT
      resolver: { function: r }
  function:
    - key: r
      handler: index.run # HIT
    - key: s
      handler: gone.run # HIT
-- src/index.js --
export const handler = 1;
