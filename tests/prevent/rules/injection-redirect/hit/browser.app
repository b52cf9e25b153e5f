-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
const next = new URLSearchParams(window.location.search).get('next');
export const leave = async () => {
  await invoke('leave');
  window.location.href = next; // HIT
};
