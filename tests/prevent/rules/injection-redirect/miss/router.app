-- static/main/src/index.js --
import { invoke, router } from '@forge/bridge';
export const open = async () => {
  const key = await invoke('key');
  router.open(`/browse/${key}`);
};
