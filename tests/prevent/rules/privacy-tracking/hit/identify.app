-- static/main/src/index.js --
import { view } from '@forge/bridge';
import mixpanel from 'mixpanel-browser';
export const start = async () => {
  const context = await view.getContext();
  mixpanel.identify(context.accountId); // HIT
};
