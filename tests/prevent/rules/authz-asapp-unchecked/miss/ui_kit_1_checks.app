-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  confluence:globalPage: [{ key: page, function: main }]
  function: [{ key: main, handler: index.run }]
-- src/index.jsx --
import ForgeUI, { Button, GlobalPage, render } from '@forge/ui';
import api, { authorize, route } from '@forge/api';
const App = () => {
  const close = async () => {
    if (!(await authorize().onJiraIssue('A-1').canEdit())) return;
    await api.asApp().requestJira(route`/rest/api/3/issue/A-1`, { method: 'DELETE' });
  };
  return <Button text="Close" onClick={close} />;
};
export const run = render(<GlobalPage app={<App />} />);
