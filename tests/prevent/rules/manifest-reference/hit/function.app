-- manifest.yml --
app: { id: x }
modules:
  jira:issuePanel:
    - key: p
      resolver:
        function: gone # HIT
  function:
    - key: r
      handler: index.handler
-- src/index.js --
export const handler = 1;
