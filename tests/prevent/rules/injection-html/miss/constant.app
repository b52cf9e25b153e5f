-- static/main/src/App.jsx --
import { invoke } from '@forge/bridge';
const LOGO = '<svg></svg>';
export default () => <div dangerouslySetInnerHTML={{ __html: LOGO }} />;
