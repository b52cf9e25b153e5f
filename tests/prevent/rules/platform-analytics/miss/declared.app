-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
permissions:
  external:
    fetch:
      client: [{ address: https://api.mixpanel.com, category: analytics, inScopeEUD: false }]
-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
import mixpanel from 'mixpanel-browser';
mixpanel.init('0123');
export const load = () => invoke('load');
