-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const load = async () => {
  const settings = await invoke('settings');
  localStorage.setItem('api-token', settings.value); // HIT
};
