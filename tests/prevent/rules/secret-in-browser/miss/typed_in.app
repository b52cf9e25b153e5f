-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const save = async (form) => invoke('save-token', { token: form.token });
