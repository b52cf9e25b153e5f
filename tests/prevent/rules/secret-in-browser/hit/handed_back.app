-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const load = async () => {
  const stored = await invoke('get-token');
  return invoke('items', { command: 'list', token: stored.value }); // HIT
};
