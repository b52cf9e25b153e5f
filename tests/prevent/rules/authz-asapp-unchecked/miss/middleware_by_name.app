-- src/index.ts --
import Resolver, { Request } from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
type Handler = (req: Request) => Promise<unknown>;
class Guard {
  static async edit(id: string): Promise<void> {
    const may = await authorize().onJiraIssue(id).canEdit();
    if (!may) {
      throw new Error(`no right to edit ${id}`);
    }
  }
}
const close: Handler = async (req) => {
  const { id } = req.payload as { id: string };
  await Guard.edit(id);
  return api.asApp().requestJira(route`/rest/api/3/issue/${id}`, { method: 'PUT' });
};
const resolver = new Resolver();
resolver.define('close', close);
export const handler = resolver.getDefinitions();
