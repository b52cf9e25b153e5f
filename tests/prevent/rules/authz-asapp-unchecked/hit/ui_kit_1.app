-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, function: main }]
  function: [{ key: main, handler: index.run }]
-- src/index.jsx --
import ForgeUI, { Button, Fragment, IssuePanel, render, useProductContext } from '@forge/ui';
import api, { route } from '@forge/api';
const close = async (key) => api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' }); // HIT
const App = () => {
  const { platformContext } = useProductContext();
  return (
    <Fragment>
      <Button text="Close" onClick={async () => { await close(platformContext.issueKey); }} />
    </Fragment>
  );
};
export const run = render(<IssuePanel><App /></IssuePanel>);
