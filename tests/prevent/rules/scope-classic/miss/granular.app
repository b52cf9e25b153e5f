-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
permissions:
  scopes:
    - write:issue:jira
-- static/main/src/index.js --
import { requestJira } from '@forge/bridge';
export const save = (key, body) => requestJira(`/rest/api/3/issue/${key}`, { method: 'PUT', body });
