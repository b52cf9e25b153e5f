-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  scheduledTrigger: [{ key: nightly, function: nightly, interval: day }]
  function: [{ key: nightly, handler: index.nightly }]
-- src/index.ts --
import { container } from 'tsyringe';
import api, { route } from '@forge/api';
class Issues {
  async remove(key: string) {
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' });
  }
}
export const nightly = async () => container.resolve(Issues).remove('A-1');
