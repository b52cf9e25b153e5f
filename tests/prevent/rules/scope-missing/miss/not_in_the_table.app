-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
-- static/main/src/index.js --
import { requestJira } from '@forge/bridge';
export const read = (id) => requestJira(`/rest/of-another-app/1.0/things/${id}`);
