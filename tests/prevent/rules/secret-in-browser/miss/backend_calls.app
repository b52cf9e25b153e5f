-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const load = async () => invoke('items', { command: 'list' });
