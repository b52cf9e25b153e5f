-- static/main/src/app.test.js --
import mixpanel from 'mixpanel-browser';
mixpanel.init('0123');
