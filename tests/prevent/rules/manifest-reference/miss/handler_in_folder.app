-- manifest.yml --
app: { id: x }
modules:
  jira:issuePanel:
    - key: p
      resolver: { function: r }
  function:
    - key: r
      handler: resolvers/main.handler
-- src/resolvers/main.js --
exports.handler = () => 1;
