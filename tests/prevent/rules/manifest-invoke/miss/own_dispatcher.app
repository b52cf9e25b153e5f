-- src/index.js --
export const handler = async ({ call, payload }) => ({ load: () => payload })[call.functionKey]();
-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const load = () => invoke('load');
