-- static/main/src/index.js --
import { invoke, view } from '@forge/bridge';
const track = (name, facts) => invoke('count', { name, facts });
export const start = async () => track('opened', { user: (await view.getContext()).accountId });
