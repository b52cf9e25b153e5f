-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const load = async () => {
  const { token } = await invoke('settings');
  return fetch('https://api.example.com/items', { headers: { Authorization: `Bearer ${token}` } }); // HIT
};
