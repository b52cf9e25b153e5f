-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
permissions:
  scopes:
    - read:jira-work
    - write:jira-work # HIT
-- static/main/src/index.js --
import { requestJira } from '@forge/bridge';
export const read = (key) => requestJira(`/rest/api/3/issue/${key}?fields=summary`);
